"""A command's time and memory, peers beside it, and copies of the flights, for benchmarks of data work."""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import flights

PYTHON = flights.ROOT / ".deps/venv/bin/python"


def timed(command, codes=(0,), environment=None):
    """(standard output, wall seconds, peak MiB) of one run; ends the benchmark when it fails."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE,
                               env={**os.environ, "MILLGATE_AUTHOR": "bench", **(environment or {})})
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in codes:
        sys.exit(f"error: {' '.join(map(str, command))[:200]} ended with {process.returncode}")
    return printed.decode(), time.perf_counter() - begin, usage.ru_maxrss / 1024


def in_turns(commands, rounds, codes=(0, 1)):
    """{name: {"seconds": median, "mib": largest, "printed": last output}}, measured in turns."""
    taken = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            taken[name].append(timed(command, codes))
    return {name: {"seconds": statistics.median(one[1] for one in runs),
                   "mib": max(one[2] for one in runs), "printed": runs[-1][0]}
            for name, runs in taken.items()}


def show(results):
    width = max(map(len, results))
    print(f"{'':{width}} {'seconds':>8} {'peak MiB':>9}")
    for name, one in results.items():
        print(f"{name:{width}} {one['seconds']:8.2f} {one['mib']:9,.0f}")


def add_peers(parser, tools):
    """The option --peer TOOL=PYTHON, several times; the tools are installed where that Python is."""
    def read(text):
        tool, _, python = text.partition("=")
        if tool not in tools or not pathlib.Path(python).exists():
            raise ValueError
        return tool, python

    parser.add_argument("--peer", action="append", type=read, default=[], metavar="TOOL=PYTHON",
                        help=f"a Python that has one of {', '.join(tools)}")


def peer_commands(peers, script, *arguments):
    """{tool: command} of a script of this folder, for in_turns."""
    return {tool: [python, str(flights.BENCH / script), tool, *map(str, arguments)]
            for tool, python in peers}


def show_peers(peers, results, ours):
    """How many times as long as ours each peer takes, and for its own work, without its imports."""
    for tool, _ in peers:
        one = results[tool]
        print(f"{tool}: {one['seconds'] / results[ours]['seconds']:.1f} x the time of {ours}; "
              f"{json.loads(one['printed'].splitlines()[-1])['seconds']:.2f} s in its own work")


def months_of(project, path, times=1):
    """All flights of 2013, so many times, as one Parquet file."""
    import pyarrow
    from pyarrow import parquet

    table = pyarrow.concat_tables(
        parquet.read_table(file)
        for file in sorted((project.folder / "data/arriving/flights").iterdir()))
    with parquet.ParquetWriter(path, table.schema) as writer:
        for _ in range(times):
            writer.write_table(table)


def tenfold_project(folder):
    """A project with the table `flights10`: every flight of 2013 ten times, 3.4 million rows."""
    folder = pathlib.Path(folder)
    project = flights.Project(folder / "flights")
    months_of(project, folder / "flights10.parquet", times=10)
    (project.folder / "millgate.toml").write_text(
        '[project]\nname = "tenfold"\n\n[[source]]\nname = "flights10"\n'
        f'path = "{folder / "flights10.parquet"}"\n')
    project.run("commit", "-m", "tenfold")
    return project
