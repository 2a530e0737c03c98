"""The twenty rules of check.bench as other tools have them.

    check_peers.py great-expectations|pandera|deequ FILE.parquet

DEEQU_JARS names the libraries of Deequ and breeze, with commas between them. Prints {"seconds": of the
judging alone, "broken": rows that break each rule, where the tool counts}.
"""

import json
import sys
import time

CARRIERS = ["9E", "AA", "AS", "B6", "DL", "EV", "F9", "FL", "HA", "MQ", "OO", "UA", "US", "VX", "WN",
            "YV"]
# In the order of check.bench: (column, kind, arguments). `slack` is the last rule's difference.
RULES = [
    ("year", "between", 2013, 2013), ("month", "between", 1, 12), ("day", "between", 1, 31),
    ("dep_time", "between", 1, 2400), ("sched_dep_time", "between", 0, 2400),
    ("dep_delay", "between", -60, 1500), ("arr_time", "between", 1, 2400),
    ("sched_arr_time", "between", 0, 2400), ("arr_delay", "between", -120, 1500),
    ("carrier", "there"), ("carrier", "in", CARRIERS), ("flight", "above", 0), ("tailnum", "there"),
    ("tailnum", "like", "^[ND][0-9A-Z]+$"), ("origin", "in", ["EWR", "JFK", "LGA"]),
    ("dest", "length", 3), ("air_time", "between", 10, 800), ("distance", "between", 10, 6000),
    ("minute", "between", 0, 59), ("slack", "below", 250),
]


def great_expectations(path):
    import great_expectations as gx
    import great_expectations.expectations as e
    import pandas as pd

    kinds = {"between": lambda c, a, b: e.ExpectColumnValuesToBeBetween(column=c, min_value=a, max_value=b),
             "above": lambda c, a: e.ExpectColumnValuesToBeBetween(column=c, min_value=a, strict_min=True),
             "below": lambda c, a: e.ExpectColumnValuesToBeBetween(column=c, max_value=a, strict_max=True),
             "there": lambda c: e.ExpectColumnValuesToNotBeNull(column=c),
             "in": lambda c, a: e.ExpectColumnValuesToBeInSet(column=c, value_set=a),
             "like": lambda c, a: e.ExpectColumnValuesToMatchRegex(column=c, regex=a),
             "length": lambda c, a: e.ExpectColumnValueLengthsToEqual(column=c, value=a)}
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("bench").add_dataframe_asset("rows")
    definition = asset.add_batch_definition_whole_dataframe("all")
    rows = pd.read_parquet(path)
    begin = time.perf_counter()
    rows["slack"] = rows["arr_delay"] - rows["dep_delay"]
    suite = gx.ExpectationSuite("rules", [kinds[kind](column, *rest) for column, kind, *rest in RULES])
    result = definition.get_batch({"dataframe": rows}).validate(suite)
    seconds = time.perf_counter() - begin
    return seconds, [one.result["unexpected_count"] for one in result.results]


def pandera(path):
    import pandera.polars as pa
    import polars as pl

    kinds = {"between": pa.Check.in_range, "above": pa.Check.greater_than, "below": pa.Check.less_than,
             "in": pa.Check.isin, "like": pa.Check.str_matches,
             "length": lambda length: pa.Check.str_length(length, length)}
    columns = {}
    for column, kind, *rest in RULES:
        checks, there = columns.setdefault(column, ([], []))
        (there if kind == "there" else checks).append(kinds[kind](*rest) if kind != "there" else True)
    schema = pa.DataFrameSchema({name: pa.Column(checks=checks, nullable=not there)
                                 for name, (checks, there) in columns.items()})
    rows = pl.read_parquet(path)
    begin = time.perf_counter()
    rows = rows.with_columns(slack=pl.col("arr_delay") - pl.col("dep_delay"))
    try:
        schema.validate(rows, lazy=True)
    except pa.errors.SchemaErrors as found:
        assert len(found.failure_cases)
    return time.perf_counter() - begin, None


def deequ(path):
    import os

    os.environ.setdefault("SPARK_VERSION", "3.5")
    import pydeequ
    from pydeequ.checks import Check, CheckLevel
    from pydeequ.verification import VerificationSuite
    from pyspark.sql import SparkSession

    session = (SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
               .config("spark.driver.memory", "4g")
               .config("spark.jars", os.environ["DEEQU_JARS"]).getOrCreate())
    begin = time.perf_counter()
    rows = session.read.parquet(path).selectExpr("*", "arr_delay - dep_delay as slack")
    check = Check(session, CheckLevel.Error, "rules")
    for column, kind, *rest in RULES:
        text = {"between": lambda c, a, b: f"{c} between {a} and {b} or {c} is null",
                "above": lambda c, a: f"{c} > {a}", "below": lambda c, a: f"{c} < {a} or {c} is null",
                "there": lambda c: f"{c} is not null",
                "in": lambda c, a: f"{c} in ({', '.join(map(repr, a))})",
                "like": lambda c, a: f"{c} rlike '{a}' or {c} is null",
                "length": lambda c, a: f"length({c}) = {a}"}[kind](column, *rest)
        check = check.satisfies(text, f"{column} {kind}", lambda share: share == 1.0)
    VerificationSuite(session).onData(rows).addCheck(check).run()
    seconds = time.perf_counter() - begin
    # Else the process of Python waits for calls back for ever.
    session.sparkContext._gateway.shutdown_callback_server()
    session.stop()
    return seconds, None


if __name__ == "__main__":
    tools = {"great-expectations": great_expectations, "pandera": pandera, "deequ": deequ}
    taken, counts = tools[sys.argv[1]](sys.argv[2])
    print(json.dumps({"seconds": taken, "broken": counts}))
