"""The flights example as the benchmarks use it: a project with all twelve months committed."""

import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys

BENCH = pathlib.Path(__file__).resolve().parent
ROOT = BENCH.parent
BUILD = ROOT / "build"
PROGRAM = os.environ.get("MILLGATE", str(BUILD / "millgate"))
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def machine():
    """What the figures were measured on, without names of folders or hosts."""
    model = next((line.partition(":")[2].strip()
                  for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    usable = len(os.sched_getaffinity(0))
    return f"machine: {model}, {usable} of {os.cpu_count()} processors, {memory:.0f} GiB, " \
           f"Linux {platform.release().split('-')[0]}"


class Project:
    """A project in `folder`, which must not exist yet."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        if not pathlib.Path(PROGRAM).exists():
            sys.exit(f"error: there is no {PROGRAM}\nhint: scripts/build millgate")
        subprocess.run([PROGRAM, "init", str(folder), "--example", "flights"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def command(self, *arguments):
        return [PROGRAM, "-C", str(self.folder), *arguments]

    def run(self, *arguments, codes=(0,)):
        """What the command prints; ends the benchmark when it fails."""
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True,
                              env={**os.environ, "MILLGATE_AUTHOR": "bench"})
        if done.returncode not in codes:
            sys.exit(f"error: millgate {arguments[0]} ended with {done.returncode}\n{done.stderr}")
        return done.stdout

    def commit_all(self):
        for kind in ("flights", "weather"):
            for file in sorted((self.folder / "data/arriving" / kind).iterdir()):
                shutil.copy(file, self.folder / "data/raw" / kind)
        self.run("commit", "-m", "all of 2013")

    def release_a_model(self):
        """Trains, and releases whatever the gate says: a benchmark measures the serving of it."""
        model = json.loads(self.run("run", "--json"))["model"]
        self.run("release", model, "--override", "a benchmark serves it", "--by", "bench")
