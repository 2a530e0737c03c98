"""clang-tidy over the engine and the app, each file only when something it depends on changed.

A file that was found clean is remembered by a hash of all that the answer depends on: the file,
the project's headers it includes (ninja knows them from the last build), the checks, the compile
command, the pinned dependencies. Test files are not checked: they cost as much as all the rest,
and what the checks look for they show by failing.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / ".deps" / "venv" / "bin" / "clang-tidy"


def clean_folder():
    cache = os.environ.get("MILLGATE_CACHE", pathlib.Path.home() / ".cache" / "millgate")
    folder = pathlib.Path(cache) / "tidy"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def files_to_check(build):
    """[(source, compile command)] of the sources that are part of the program."""
    commands = json.loads((build / "compile_commands.json").read_text())
    found = []
    for entry in commands:
        source = pathlib.Path(entry["file"])
        relative = source.relative_to(ROOT).as_posix()
        if re.match(r"(engine|app)/", relative) and not relative.endswith("_test.cc"):
            found.append((source, entry["command"]))
    return sorted(found)


def project_dependencies(build):
    """{source: headers of the project it includes}, as ninja recorded them."""
    text = subprocess.run(
        ["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True, check=True
    ).stdout
    found = {}
    for block in text.split("\n\n"):
        paths = [pathlib.Path(line.strip()) for line in block.splitlines()[1:] if line.strip()]
        inside = [p for p in paths if p.is_relative_to(ROOT) and ".deps" not in p.parts]
        if inside:
            found.setdefault(inside[0], set()).update(inside[1:])
    return found


def fingerprint(source, command, headers, settings):
    digest = hashlib.sha256(settings)
    digest.update(command.replace(str(ROOT), "").encode())
    for path in [source, *sorted(headers)]:
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
    for source, command in files_to_check(build):
        key = fingerprint(source, command, dependencies.get(source, ()), settings)
        if (remembered / key).exists():
            results.append((source, False, ""))
        else:
            waiting.append((source, remembered / key))
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        results += pool.map(lambda item: run_one(build, *item), waiting)
    return sorted(results)


def run_one(build, source, mark):
    # Compiler warnings are g++'s business (-w), and clang does not know all of its options.
    run = subprocess.run(
        [PROGRAM, "--quiet", "-p", build, "--extra-arg=-w", str(source)],
        capture_output=True,
        text=True,
    )
    if run.returncode == 0:
        mark.touch()
        return source, True, ""
    return source, True, run.stdout + re.sub(r"^\d+ warnings.*\n", "", run.stderr, flags=re.M)
