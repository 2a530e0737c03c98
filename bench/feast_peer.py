"""Feast on the files of bench/feast.bench: its default file store, SQLite, and its server.

    feast_peer.py join FOLDER            prints {"seconds", "rows"} of get_historical_features
    feast_peer.py materialize FOLDER     prints {"seconds", "rows"}; leaves FOLDER/repo
    feast_peer.py read FOLDER            prints {"median_us"} of get_online_features in process
    feast_peer.py serve FOLDER PORT      serves FOLDER/repo on loopback until it is ended
"""

import datetime
import json
import os
import pathlib
import statistics
import sys
import time

import pandas as pd
import pyarrow.parquet as parquet
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig
from feast.types import Float64
from feast.value_type import ValueType

VIEWS = ("one", "two")
UTC = datetime.timezone.utc


def numbers_of(folder, view):
    return [name for name in parquet.read_schema(folder / f"{view}.parquet").names
            if name not in ("user", "occurred")]


def make_store(folder):
    """A repository with the two views over the Parquet files, applied."""
    repo = folder / "repo"
    repo.mkdir(exist_ok=True)
    (repo / "feature_store.yaml").write_text(
        "project: bench\nprovider: local\nregistry: registry.db\n"
        "online_store:\n  type: sqlite\n  path: online.db\nentity_key_serialization_version: 3\n")
    store = FeatureStore(repo_path=str(repo))
    user = Entity(name="user", join_keys=["user"], value_type=ValueType.INT64)
    views = [FeatureView(name=view, entities=[user], ttl=datetime.timedelta(days=3650),
                         schema=[Field(name=name, dtype=Float64) for name in numbers_of(folder, view)],
                         source=FileSource(path=str(folder / f"{view}.parquet"),
                                           timestamp_field="occurred"))
             for view in VIEWS]
    store.apply([user, *views])
    return store


def all_features(folder):
    return [f"{view}:{name}" for view in VIEWS for name in numbers_of(folder, view)]


def join(folder):
    store = make_store(folder)
    asked = pd.read_parquet(folder / "asked.parquet").rename(columns={"moment": "event_timestamp"})
    begun = time.perf_counter()
    rows = store.get_historical_features(entity_df=asked, features=all_features(folder),
                                         full_feature_names=True).to_df()
    return {"seconds": time.perf_counter() - begun, "rows": len(rows)}


def materialize(folder):
    store = make_store(folder)
    begun = time.perf_counter()
    store.materialize(datetime.datetime(2023, 1, 1, tzinfo=UTC), datetime.datetime(2025, 1, 1, tzinfo=UTC))
    return {"seconds": time.perf_counter() - begun,
            "rows": sum(parquet.read_metadata(folder / f"{view}.parquet").num_rows for view in VIEWS)}


def read(folder):
    store = FeatureStore(repo_path=str(folder / "repo"))
    features = all_features(folder)
    taken = []
    for user in range(300):
        begun = time.perf_counter()
        store.get_online_features(features=features, entity_rows=[{"user": user}],
                                  full_feature_names=True).to_dict()
        taken.append(time.perf_counter() - begun)
    return {"median_us": statistics.median(taken[50:]) * 1e6}


def serve(folder, port):
    program = str(pathlib.Path(sys.executable).parent / "feast")
    os.execv(program, [program, "-c", str(folder / "repo"), "serve", "-h", "127.0.0.1", "-p", port,
                       "--no-access-log"])


def main():
    work, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    if work == "serve":
        serve(folder, sys.argv[3])
    print(json.dumps({"join": join, "materialize": materialize, "read": read}[work](folder)))


main()
