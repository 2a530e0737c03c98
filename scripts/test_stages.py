"""The stages of scripts/test, how their cases are counted, and the closing lines."""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

import tidy

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = ("engine", "app", "tests", "bench")


def main():
    parser = argparse.ArgumentParser(description="Runs Millgate's tests.")
    parser.add_argument("--setup-seconds", type=float, default=0.0)
    parser.add_argument("stage", nargs="*", help=f"of {', '.join(STAGES)} (default: all)")
    asked = parser.parse_args()
    unknown = [name for name in asked.stage if name not in STAGES]
    if unknown:
        parser.error(f"unknown stage `{unknown[0]}`: there are {', '.join(STAGES)}")
    os.chdir(ROOT)
    passed = failed = 0
    times = [("setup", asked.setup_seconds)]
    stages = list(asked.stage or STAGES)
    for name in stages:
        say(f"== {name}")
        if name == "suites" and "tidy" in stages:
            start_tidy()
        start = time.monotonic()
        good, bad = STAGES[name]()
        times.append((name, time.monotonic() - start))
        passed += good
        failed += bad
        say(f"{name}: {good} passed, {bad} failed in {times[-1][1]:.1f} s")
        if name == "build" and bad:
            say("the build failed: what needs it is not run")
            break
    say("times: " + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in times))
    say(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def say(text):
    print(text, flush=True)


def check_format():
    files = [
        str(path)
        for folder in SOURCES
        for path in sorted(pathlib.Path(folder).rglob("*"))
        if path.suffix in (".h", ".cc")
    ]
    if not files:
        return 0, 0
    run = subprocess.run(
        ["clang-format", "--dry-run", "-Werror", *files], capture_output=True, text=True
    )
    bad = sorted(set(re.findall(r"^(\S+?):\d+:\d+: error", run.stderr, re.MULTILINE)))
    for path in bad:
        say(f"FAILED format: {path}\nhint: clang-format -i {path}")
    if run.returncode and not bad:
        say(run.stderr)
        bad = ["clang-format"]
    return len(files) - len(bad), len(bad)


def run_suite(folder):
    """(passed, failed, what it printed) of <folder>/run; its last line says how many cases."""
    environment = dict(os.environ, MILLGATE=str(ROOT / "build" / "millgate"))
    start = time.monotonic()
    run = subprocess.run(
        [f"./{folder}/run"],
        stdout=subprocess.PIPE,
        text=True,
        errors="replace",
        env=environment,
    )
    said = f"{run.stdout}{folder}: {time.monotonic() - start:.0f} s"
    last = (run.stdout.strip().splitlines() or [""])[-1].strip()
    counts = re.fullmatch(r"(\d+) passed, (\d+) failed", last)
    if not counts or (run.returncode != 0) != (int(counts[2]) > 0):
        return 0, 1, f"{said}\nFAILED {folder}/run: exit code {run.returncode}, last line `{last}`"
    return int(counts[1]), int(counts[2]), said


def check_house():
    return run_suites_of(["tests/house"])


def run_suites():
    folders = [
        run.parent.as_posix()
        for run in sorted(pathlib.Path("tests").glob("*/run"))
        if run.parent.name != "house" and os.access(run, os.X_OK)
    ]
    # The longest first, so that none is left alone at the end.
    longest = [f"tests/{name}" for name in ("faults", "story", "golden", "docs", "learners")]
    return run_suites_of(sorted(folders, key=lambda name: (name not in longest, name)))


def run_suites_of(folders):
    """Side by side: most of them wait for servers and for each other's programs."""
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for done in concurrent.futures.as_completed(pool.submit(run_suite, f) for f in folders):
            good, bad, said = done.result()
            say(said)
            passed, failed = passed + good, failed + bad
    return passed, failed


def build():
    return (1, 0) if subprocess.run(["scripts/build"]).returncode == 0 else (0, 1)


def run_ctest(folder, *options, environment=None):
    """Runs CTest and counts the cases of every program that left an XML file of them."""
    folder = ROOT / folder
    shutil.rmtree(folder / "results", ignore_errors=True)
    (folder / "results").mkdir()
    report = folder / "results.xml"
    report.unlink(missing_ok=True)
    subprocess.run(
        ["ctest", "--test-dir", folder, f"-j{len(os.sched_getaffinity(0))}", "--output-on-failure"]
        + ["--no-tests=ignore", "--output-junit", report, *options],
        env={**os.environ, **(environment or {})},
        stdout=None,
    )
    if not report.exists():
        say(f"FAILED ctest in {folder.name}: no report")
        return 0, 1
    passed = failed = 0
    for program in ElementTree.parse(report).getroot().iter("testcase"):
        good, bad = count_cases(folder / "results" / f"{program.get('name')}.xml")
        # A program that broke off has no file, or one without a failed case: one failure.
        if program.get("status") != "run" and bad == 0:
            good, bad = good, 1
        elif good + bad == 0:
            good = 1
        passed, failed = passed + good, failed + bad
    return passed, failed


def count_cases(path):
    if not path.exists():
        return 0, 0
    root = ElementTree.parse(path).getroot()
    cases = [case for case in root.iter("testcase") if case.get("status") != "notrun"]
    bad = sum(1 for case in cases if case.find("failure") is not None)
    skipped = sum(1 for case in cases if case.get("result") == "skipped")
    if skipped:
        say(f"{path.stem}: {skipped} skipped (neither passed nor failed)")
    return len(cases) - bad - skipped, bad


def run_unit_tests():
    return run_ctest("build")


def start_tidy():
    """Suites wait for servers and sleep; clang-tidy takes what they leave of the processors."""
    if not TIDY:
        pool = concurrent.futures.ThreadPoolExecutor(1)
        TIDY.append(pool.submit(check_humbly))


def check_humbly():
    os.nice(10)  # Of this thread and of what it starts.
    return tidy.check(ROOT / "build")


def run_tidy():
    start_tidy()
    results = TIDY.pop().result()
    bad = [(source, findings) for source, _, findings in results if findings]
    shown = set()
    for source, findings in bad:
        say(f"FAILED tidy: {source.relative_to(ROOT)}")
        # A finding in a header comes with every file that includes it; it is shown once.
        for finding in re.split(r"\n(?=/)", findings.strip()):
            if finding not in shown:
                say(finding.replace(f"{ROOT}/", ""))
            shown.add(finding)
    fresh = sum(1 for _, ran, _ in results if ran)
    say(f"clang-tidy: {fresh} files checked, {len(results) - fresh} unchanged since found clean")
    return len(results) - len(bad), len(bad)


def run_sanitized():
    if subprocess.run(["scripts/build", "--sanitize", "unit_tests"]).returncode != 0:
        return 0, 1
    return run_ctest("build-sanitize", "-L", "unit", environment=SANITIZER_OPTIONS)


TIDY = []  # The check while it goes.

SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:check_initialization_order=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "LSAN_OPTIONS": f"suppressions={ROOT}/scripts/leaks.supp:print_suppressions=0",
}

STAGES = {
    "format": check_format,
    "house": check_house,
    "build": build,
    "unit": run_unit_tests,
    "suites": run_suites,
    "tidy": run_tidy,
    "sanitize": run_sanitized,
}

if __name__ == "__main__":
    sys.exit(main())
