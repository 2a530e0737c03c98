"""Writes a table and its versions as Parquet files: v1, v2, v2b, v3, v3b and the change set of v2.

    table_versions.py FOLDER ROWS CONFLICTS EDITS

bench/store.bench says what is in them.
"""

import sys
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

folder, rows = sys.argv[1], int(sys.argv[2])
conflicts, edits = int(sys.argv[3]), int(sys.argv[4])
random = np.random.default_rng(20130601)
words = np.array(["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"])


def texts(count, kinds):
    return pa.DictionaryArray.from_arrays(
        pa.array(random.integers(0, kinds, count), pa.int32()),
        pa.array([f"{words[i % 8]}-{i}" for i in range(kinds)])).cast(pa.string())


def made(ids):
    n = len(ids)
    return pa.table({
        "id": pa.array(ids, pa.int64()),
        "at": pa.array(1_357_000_000_000_000 + ids * 61_000_000 + random.integers(0, 60, n) * 1_000_000,
                       pa.timestamp("us", "UTC")),
        "f1": pa.array(np.round(random.normal(0, 100, n), 2)),
        "f2": pa.array(np.round(random.gamma(2, 30, n), 1)),
        "f3": pa.array(np.round(random.normal(20, 5, n), 1)),
        "n1": pa.array(random.integers(0, 1000, n), pa.int64()),
        "n2": pa.array(random.integers(-60, 600, n), pa.int64()),
        "n3": pa.array(random.poisson(3, n), pa.int64()),
        "s1": texts(n, 8), "s2": texts(n, 30), "s3": texts(n, 200),
        "note": pa.array(np.char.add("item ", random.integers(0, n, n).astype(str)))})


def write(table, name):
    pq.write_table(table, f"{folder}/{name}.parquet", compression="zstd", compression_level=1)


def updated(table, rows_at, column, by):
    cells = table[column].to_numpy().copy()
    cells[rows_at] = cells[rows_at] + by
    return table.set_column(table.column_names.index(column), column, pa.array(cells))


v1 = made(np.arange(rows) * 3)
write(v1, "v1")
picked = random.permutation(rows)
touched, removed = picked[:edits], picked[edits:2 * edits]
others = np.concatenate([picked[2 * edits:3 * edits], touched[:conflicts]])
both = touched[conflicts:2 * conflicts]  # Other cells of the same rows: no conflict.
changed = updated(updated(v1, touched, "n1", 1), touched, "f1", 0.25)
inserted = made(np.sort(random.permutation(rows)[:edits]) * 3 + 1)
keep = np.ones(rows, bool)
keep[removed] = False
write(pa.concat_tables([changed.filter(pa.array(keep)), inserted]).sort_by("id"), "v2")
write(updated(updated(v1, others, "n1", 7), both, "n2", 5), "v2b")
write(v1.append_column("extra", pa.array(random.integers(0, 1000, rows), pa.int64())), "v3")
write(v1.append_column("other", pa.array(random.integers(0, 1000, rows), pa.int64())), "v3b")
upserts = pa.concat_tables([changed.take(pa.array(touched)), inserted])
deletes = v1.take(pa.array(removed))
changes = pa.concat_tables([
    upserts.append_column("_change", pa.array(["upsert"] * len(upserts))),
    deletes.append_column("_change", pa.array(["delete"] * len(deletes)))])
write(changes, "changes")
