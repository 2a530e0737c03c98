"""Tables larger than the memory that a command may use: 512 MB, measured as the peak of what was
resident in it."""

import os
import subprocess

from bad_files import PYTHON

BYTES_MAX = 512 << 20
WRITE = """
import pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq
rows, part = 2_800_000, 50_000
schema = pa.schema([("id", pa.int64()), ("number", pa.float64()), ("text", pa.string())])
for name in ("one", "two"):
    with pq.ParquetWriter(name + ".parquet", schema, compression="zstd") as out:
        for begin in range(0, rows, part):
            ids = pa.array(range(begin, begin + part))
            words = pc.cast(pc.bit_wise_xor(pc.multiply(ids, 2654435761), 88172645463325252), pa.string())
            numbers = [float(i % 977) for i in range(part)]
            if name == "two":
                numbers[begin % 7919] = -1.0
            out.write_table(pa.table([ids, numbers, pc.binary_repeat(words, 14)], schema=schema))
"""
SETTINGS = """
project = { name = "pages" }
source = [{ name = "pages", path = "one.parquet", key = ["id"] }]
"""


def run_small(project, *command, bytes_max=BYTES_MAX):
    """Runs the command and holds it to the memory it may use."""
    process = subprocess.Popen(
        [project.program, *command],
        cwd=project.folder,
        env=dict(project.environment, OMP_NUM_THREADS="2"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{command}: exit code {process.returncode}: {said}"
    peak = usage.ru_maxrss << 10
    print(f"note: {command[0]}: at most {peak >> 20} MB")
    assert peak <= bytes_max, f"{command}: {peak >> 20} MB were resident"
    return said


def a_table_larger_than_memory(project, _):
    """2,800,000 rows with 252 bytes of text each: 760 MB as columns."""
    subprocess.run([PYTHON, "-c", WRITE], cwd=project.folder, check=True)
    project.settings.write_text(SETTINGS)
    run_small(project, "commit", "-m", "one")
    run_small(project, "branch", "other")
    project.change_settings("one.parquet", "two.parquet")
    run_small(project, "commit", "-m", "two")
    (project.folder / "side.csv").write_text("id,number\n7,70\n2799999,80\n")
    command = ["--table", "pages", "--changes", "side.csv"]
    run_small(project, "commit", "-b", "other", "-m", "side", *command)
    assert "56 updated" in run_small(project, "diff", "main~1", "main")
    run_small(project, "merge", "other")
    query = "select count(*), sum(number) from pages"
    counts = [run_small(project, "sql", query, "--rev", rev) for rev in ("main~2", "main")]
    assert [text.splitlines()[1].split(",")[0] for text in counts] == ["2800000"] * 2, f"{counts}"
    run_small(project, "sql", "select max(length(text)), max(text) from pages")


LONG_BYTES_MAX = 400 << 20
WRITE_LONG = """
import sys
import numpy as np, pyarrow as pa, pyarrow.parquet as pq
length, rows = int(sys.argv[1]), int(sys.argv[2])
draw = np.random.default_rng(7)
schema = pa.schema([("id", pa.int64()), ("number", pa.float64()), ("text", pa.string())])
part = max(1, (16 << 20) // length)
ids = np.arange(rows) * 7919 % rows if sys.argv[3] == "mixed" else np.arange(rows)
outs = [pq.ParquetWriter(name + ".parquet", schema, compression="zstd") for name in ("one", "two")]
for begin in range(0, rows, part):
    own = ids[begin:begin + part]
    letters = draw.integers(97, 123, (len(own), length), dtype=np.uint8)
    offsets = pa.array(np.arange(len(own) + 1, dtype=np.int32) * length).buffers()[1]
    texts = pa.StringArray.from_buffers(len(own), offsets, pa.py_buffer(letters.tobytes()))
    numbers = (own % 977).astype(float)
    outs[0].write_table(pa.table([pa.array(own), numbers, texts], schema=schema))
    numbers[own % (rows // 20) == 3] = -1.0
    outs[1].write_table(pa.table([pa.array(own), numbers, texts], schema=schema))
for out in outs:
    out.close()
"""


def long_rows(project, length, rows, order, bytes_max):
    """Commit, diff and merge of `rows` rows with `length` bytes each, 600 MB in all."""

    def run(*command):
        return run_small(project, *command, bytes_max=bytes_max)

    arguments = [str(length), str(rows), order]
    subprocess.run([PYTHON, "-c", WRITE_LONG, *arguments], cwd=project.folder, check=True)
    project.settings.write_text(SETTINGS)
    run("commit", "-m", "one")
    run("branch", "other")
    project.change_settings("one.parquet", "two.parquet")
    run("commit", "-m", "two")
    (project.folder / "side.csv").write_text(f"id,number\n7,70\n{rows - 1},80\n")
    run("commit", "-b", "other", "-m", "side", "--table", "pages", "--changes", "side.csv")
    assert "20 updated" in run("diff", "main~1", "main")
    run("merge", "other")
    counts = run_small(project, "sql", "select count(*), sum(length(text)) from pages")
    assert counts.splitlines()[1].startswith(f"{rows},{rows * length}"), counts


def rows_of_a_kilobyte(project, _):
    long_rows(project, 1_000, 600_000, "rising", LONG_BYTES_MAX)


def rows_of_a_hundred_kilobytes_that_must_be_sorted(project, _):
    long_rows(project, 100_000, 6_000, "mixed", BYTES_MAX)


CASES = [
    a_table_larger_than_memory,
    rows_of_a_kilobyte,
    rows_of_a_hundred_kilobytes_that_must_be_sorted,
]
