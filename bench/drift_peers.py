"""The drift of all columns of two Parquet files as other tools measure it, with what they use by default.

    drift_peers.py evidently|nannyml|alibi-detect REFERENCE.parquet CURRENT.parquet

Prints {"seconds": of the measuring alone, "drifted": how many columns the tool says have drifted}.
"""

import json
import sys
import time

import pandas as pd


def evidently(reference, current):
    from evidently import Report
    from evidently.presets import DataDriftPreset

    result = Report([DataDriftPreset()]).run(current, reference).dict()
    share = next(one["value"] for one in result["metrics"]
                 if "DriftedColumnsCount" in one["metric_name"])
    return int(share["count"])


def nannyml(reference, current):
    import nannyml as nml

    texts = [name for name in reference if reference[name].dtype == object]
    numbers = [name for name in reference if pd.api.types.is_numeric_dtype(reference[name])]
    calculator = nml.UnivariateDriftCalculator(
        column_names=numbers + texts, treat_as_categorical=texts, chunk_number=1,
        continuous_methods=["kolmogorov_smirnov", "jensen_shannon", "wasserstein"],
        categorical_methods=["chi2", "jensen_shannon", "l_infinity"])
    result = calculator.fit(reference).calculate(current).filter(period="analysis").to_df()
    alerts = result.loc[:, [name for name in result.columns if name[-1] == "alert"]].iloc[-1]
    return int(alerts.groupby(level=0).any().sum())


def alibi_detect(reference, current):
    import numpy as np
    from alibi_detect.cd import TabularDrift

    names = list(reference)
    columns, categories = [], {}
    for at, name in enumerate(names):
        both = pd.concat([reference[name], current[name]])
        if both.dtype == object:
            columns.append(pd.factorize(both)[0])
            categories[at] = None
        else:
            columns.append(pd.to_numeric(both).fillna(-1).to_numpy(dtype=float))
    rows = np.column_stack(columns)
    detector = TabularDrift(rows[:len(reference)], categories_per_feature=categories)
    return int(detector.predict(rows[len(reference):], drift_type="feature")["data"]["is_drift"].sum())


if __name__ == "__main__":
    before, now = (pd.read_parquet(path).drop(columns=["time_hour"]) for path in sys.argv[2:4])
    tool = {"evidently": evidently, "nannyml": nannyml, "alibi-detect": alibi_detect}[sys.argv[1]]
    begin = time.perf_counter()
    count = tool(before, now)
    print(json.dumps({"seconds": time.perf_counter() - begin, "drifted": count}))
