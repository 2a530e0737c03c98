"""clang-tidy over the engine and the app, each file only when something it depends on changed.

What was found clean is remembered by a hash of all that the answer depends on: the files, the
project's headers they include (ninja knows them from the last build), the checks, the compile
command, the pinned dependencies. Test files are not checked: they cost as much as all the rest,
and what the checks look for they show by failing.

Files are checked as they are compiled, in units (units.py). Where that finds anything, each file
of the unit is checked alone: what is told is always about one file. (A using declaration that nobody
uses is seen only alone.)
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess

import units

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / ".deps" / "venv" / "bin" / "clang-tidy"


def clean_folder():
    cache = os.environ.get("MILLGATE_CACHE", pathlib.Path.home() / ".cache" / "millgate")
    folder = pathlib.Path(cache) / "tidy"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def units_to_check(build):
    """[(unit, its sources, compile command)] of what is part of the program (units.py)."""
    found = []
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = pathlib.Path(entry["file"])
        if file.is_relative_to(build / "units") and file.name.startswith("unit_"):
            found.append((file, units.sources_of(file), entry["command"]))
        elif file.is_relative_to(ROOT / "app"):
            found.append((file, [file], entry["command"]))
    return sorted(found)


def project_dependencies(build):
    """{unit: files of the project it includes}, as ninja recorded them."""
    text = subprocess.run(
        ["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True, check=True
    ).stdout
    found = {}
    for block in text.split("\n\n"):
        # They may be told relative to the build folder.
        names = [line.strip() for line in block.splitlines()[1:] if line.strip()]
        paths = [pathlib.Path(os.path.normpath(build / name)) for name in names]
        inside = [p for p in paths if p.is_relative_to(ROOT) and ".deps" not in p.parts]
        if inside:
            found.setdefault(inside[0], set()).update(inside[1:])
    return found


def fingerprint(unit, command, headers, settings):
    digest = hashlib.sha256(settings)
    digest.update(command.replace(str(ROOT), "").encode())
    for path in [unit, *sorted(headers)]:
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        digest.update(path.read_bytes())
    return digest.hexdigest()


def check(build):
    """[(relative path, seconds or None when remembered, findings)] for every file."""
    settings = subprocess.run([PROGRAM, "--version"], capture_output=True, check=True).stdout
    for name in (".clang-tidy", "scripts/pins", "scripts/packages", "scripts/tidy.py"):
        settings += (ROOT / name).read_bytes()
    dependencies = project_dependencies(build)
    remembered = clean_folder()
    results, waiting = [], []
    for unit, sources, command in units_to_check(build):
        key = fingerprint(unit, command, dependencies.get(unit, ()), settings)
        if (remembered / key).exists():
            results += [(source, False, "") for source in sources]
        else:
            waiting.append((unit, sources, command, remembered / key))
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for found in pool.map(lambda one: check_unit(*one), waiting):
            results += found
    return sorted(results)


def check_unit(unit, sources, command, mark):
    # A unit includes source files, that is what it is for.
    if not run_one(unit, command, "--checks=-bugprone-suspicious-include"):
        mark.touch()
        return [(source, True, "") for source in sources]
    found = [(source, True, run_one(source, command)) for source in sources]
    if not any(findings for _, _, findings in found):
        mark.touch()
    return found


def run_one(file, command, *options):
    """What clang-tidy finds; empty: nothing."""
    words = shlex.split(command)
    flags = [word for word in words if word.startswith(("-I", "-D", "-std="))]
    for at, word in enumerate(words):
        if word == "-isystem":
            flags += [word, words[at + 1]]
    # Compiler warnings are g++'s business (-w).
    run = subprocess.run(
        [PROGRAM, "--quiet", f"--config-file={ROOT / '.clang-tidy'}", *options, file]
        + ["--", "-w", *flags],
        capture_output=True,
        text=True,
    )
    if run.returncode == 0:
        return ""
    return run.stdout + re.sub(r"^\d+ warnings.*\n", "", run.stderr, flags=re.M)
