#!/usr/bin/env python3
"""The flights example as a careful person would write it by hand, without Millgate.

    run_peer.py PROJECT [--random-split]

Reads PROJECT/data/raw, joins weather as it could be known and planes, computes the 13 features,
splits by time, trains LightGBM with the settings of the example, chooses the threshold that earns
most, measures, and prints the figures as JSON. With --random-split it trains a second time on rows
dealt at random, as `millgate run` does to tell how much that would flatter. It gives no intervals.
"""

import json
import pathlib
import sys
import time

import lightgbm
import numpy
import pandas
from sklearn import metrics

DAY = pandas.Timedelta(days=1)
FEATURES = ["minute_of_day", "weekday", "carrier", "dest", "origin", "distance", "temp", "wind",
            "precip", "visibility", "pressure", "plane_age", "seats"]
CATEGORIES = ["carrier", "dest", "origin"]
PARAMETERS = {"objective": "binary", "metric": "binary_logloss", "learning_rate": 0.05,
              "num_leaves": 31, "seed": 1, "deterministic": True, "force_row_wise": True,
              "verbosity": -1}
EARNS_TRUE, EARNS_FALSE = 100, -25


def joined_rows(raw):
    """Flights with the newest weather known at their time, at most three hours old, and planes."""
    flights = pandas.concat(pandas.read_parquet(f) for f in sorted((raw / "flights").iterdir()))
    weather = pandas.concat(pandas.read_parquet(f) for f in sorted((raw / "weather").iterdir()))
    planes = pandas.read_csv(raw / "planes.csv", usecols=["tailnum", "year", "seats"])
    weather = weather[["origin", "time_hour", "temp", "wind_speed", "precip", "visib", "pressure"]]
    weather = weather.rename(columns={"time_hour": "observed"})
    weather["known"] = weather["observed"] + pandas.Timedelta(minutes=30)
    rows = flights.sort_values(["time_hour", "carrier", "flight", "origin", "sched_dep_time"],
                               kind="stable")
    rows = pandas.merge_asof(rows, weather.sort_values("known", kind="stable"), by="origin",
                             left_on="time_hour", right_on="known")
    stale = ~(rows["time_hour"] - rows["observed"] <= pandas.Timedelta(hours=3))
    rows.loc[stale, ["temp", "wind_speed", "precip", "visib", "pressure"]] = numpy.nan
    return rows.merge(planes.rename(columns={"year": "built"}), on="tailnum", how="left")


def with_features(rows):
    local = rows["time_hour"].dt.tz_convert("UTC") - pandas.Timedelta(hours=5)
    return rows.assign(
        minute_of_day=rows["sched_dep_time"] // 100 * 60 + rows["sched_dep_time"] % 100,
        weekday=(local.dt.day_of_week + 1) % 7,
        wind=rows["wind_speed"].where(rows["wind_speed"] < 150),
        visibility=rows["visib"],
        plane_age=rows["year"] - rows["built"],
    )


def split_by_time(rows):
    """The newest 15 days test, the 15 before validate; labels known too late are left out."""
    at = rows["time_hour"]
    test_begin = at.max() - 15 * DAY
    train_end = test_begin - 15 * DAY
    train = rows[(at <= train_end) & (at + DAY <= train_end)]
    valid = rows[(at > train_end) & (at <= test_begin) & (at + DAY <= test_begin)]
    return train, valid, rows[at > test_begin]


def split_at_random(rows, sizes):
    order = numpy.random.default_rng(1).permutation(len(rows))[:sum(sizes)]
    return [rows.iloc[numpy.sort(part)] for part in numpy.split(order, numpy.cumsum(sizes)[:2])]


def prepared(part, levels):
    features = part[FEATURES].copy()
    for name in CATEGORIES:
        known = features[name].where(features[name].isin(levels[name]))
        features[name] = pandas.Categorical(known, categories=levels[name])
    return features, part["late"].to_numpy()


def fit(train, valid, test):
    """The model, and features and labels of the validation and test rows."""
    levels = {name: sorted(train[name].dropna().unique()) for name in CATEGORIES}
    (x, y), checked, held_out = (prepared(part, levels) for part in (train, valid, test))
    train_set = lightgbm.Dataset(x, y)
    model = lightgbm.train(PARAMETERS, train_set, num_boost_round=500,
                           valid_sets=[lightgbm.Dataset(*checked, reference=train_set)],
                           callbacks=[lightgbm.early_stopping(30, verbose=False)])
    return model, checked, held_out


def best_threshold(label, predicted):
    order = numpy.argsort(-predicted, kind="stable")
    earned = numpy.cumsum(numpy.where(label[order] == 1, EARNS_TRUE, EARNS_FALSE))
    return float(predicted[order][numpy.argmax(earned)])


def quality(label, predicted, threshold):
    warned = predicted >= threshold
    return {"auc": metrics.roc_auc_score(label, predicted),
            "average_precision": metrics.average_precision_score(label, predicted),
            "log_loss": metrics.log_loss(label, predicted),
            "brier": metrics.brier_score_loss(label, predicted),
            "recall": metrics.recall_score(label, warned),
            "precision": metrics.precision_score(label, warned, zero_division=0)}


def main():
    begin = time.perf_counter()
    raw = pathlib.Path(sys.argv[1]) / "data/raw"
    rows = with_features(joined_rows(raw))
    rows = rows[rows["arr_delay"].notna()]
    rows = rows.assign(late=(rows["arr_delay"] > 15).astype(int)).reset_index(drop=True)
    joined = time.perf_counter()
    parts = split_by_time(rows)
    model, (valid, valid_label), (test, label) = fit(*parts)
    predicted = model.predict(test)
    threshold = best_threshold(valid_label, model.predict(valid))
    report = {"rows": [len(part) for part in parts], "best_round": model.best_iteration,
              "threshold": threshold, "quality": quality(label, predicted, threshold), "slices": {}}
    for column in ("origin", "carrier"):
        for value, at in parts[2].reset_index(drop=True).groupby(column).indices.items():
            if len(at) >= 100 and 0 < label[at].mean() < 1:
                report["slices"][f"{column}={value}"] = quality(label[at], predicted[at], threshold)
    trained = time.perf_counter()
    if "--random-split" in sys.argv:
        model, _, (test, label) = fit(*split_at_random(rows, report["rows"]))
        report["random_split_auc"] = metrics.roc_auc_score(label, model.predict(test))
    report["seconds"] = {"join": joined - begin, "train": trained - joined,
                         "random_split": time.perf_counter() - trained}
    print(json.dumps(report))


main()
