"""What whole commands cost: elapsed, work of the processor, memory; printed a line each."""

import dataclasses
import os
import subprocess
import sys
import time


@dataclasses.dataclass
class Run:
    """One command: what it printed, what it took, and by how much the store grew."""

    printed: bytes
    seconds: float
    processor: float  # User and system time, which others on the machine lengthen least.
    peak: float  # MiB
    grown: int | None = None


def timed(command, codes=(0,)):
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, "MILLGATE_AUTHOR": "bench"})
    printed = process.stdout.read()
    faults = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in codes:
        sys.exit(f"error: {' '.join(map(str, command[:5]))} ended with {process.returncode}\n{faults}")
    return Run(printed, time.perf_counter() - begin, usage.ru_utime + usage.ru_stime,
               usage.ru_maxrss / 1024)


def best(runs):
    """The smallest times and the largest memory of several runs of one command."""
    return Run(runs[-1].printed, min(one.seconds for one in runs),
               min(one.processor for one in runs), max(one.peak for one in runs))


def show_header():
    print(f"{'':<44}  {'elapsed':>10}  {'user+sys':>10}  {'peak':>10}  {'grown':>12}")


def show(what, run, beside=""):
    cells = [f"{what:<44}", f"{run.seconds:8.3f} s", f"{run.processor:8.3f} s", f"{run.peak:6.0f} MiB",
             f"{run.grown / 1e6:+9.2f} MB" if run.grown is not None else " " * 12]
    print("  ".join(cells) + ("   " + beside if beside else ""), flush=True)


def ratio(run, floor):
    return (f"{run.seconds / floor.seconds:.2f} of it elapsed, "
            f"{run.processor / floor.processor:.2f} of its work")
