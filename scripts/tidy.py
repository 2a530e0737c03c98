"""clang-tidy over the engine and the app, each file only when something it depends on changed.

A file that was found clean is remembered by a hash of all that the answer depends on: the file,
the project's headers it includes (ninja knows them from the last build), the checks, the compile
command, the pinned dependencies. Test files are not checked: they cost as much as all the rest,
and what the checks look for they show by failing.

Most of the time goes into headers, so files of one room are checked several at once, as one file
that includes them. Where that finds anything, or does not compile, each is checked alone: what is
told is always about one file. (A using declaration that nobody uses is seen only alone.)
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / ".deps" / "venv" / "bin" / "clang-tidy"
BATCH = 8  # Files checked as one.
# A function, or a constant, at the beginning of a line.
OWN_NAME = r"\w(?!truct |lass |num )[^=({]*?[ *&](\w+)(?:\[\w*\])?(?: =|[({])"


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
            waiting.append((source, command, remembered / key))
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for found in pool.map(lambda batch: check_batch(build, batch), batches(waiting)):
            results += found
    return sorted(results)


def batches(waiting):
    """Files of one room in lists of at most BATCH whose own functions and constants do not clash."""
    by_room = {}
    for item in waiting:
        by_room.setdefault(item[0].parent, []).append(item)
    for items in by_room.values():
        made = []
        for item in items:
            names = own_names(item[0])
            fitting = (b for b in made if len(b[0]) < BATCH and not b[1] & names)
            batch = next(fitting, None)
            if batch is None:
                made.append(([item], names))
            else:
                batch[0].append(item)
                batch[1].update(names)
        yield from (batch for batch, _ in made)


def own_lines(source):
    """The lines of the file's anonymous namespaces."""
    inside = False
    for line in source.read_text().splitlines():
        if line.startswith("}  // namespace") or line.startswith("namespace {"):
            inside = line.startswith("namespace {")
        elif inside:
            yield line


def own_names(source):
    """Functions and constants that only this file knows, as far as a look at its lines tells."""
    found = (re.match(OWN_NAME, line) for line in own_lines(source))
    return {match[1] for match in found if match}


def own_types(source):
    found = (re.match(r"(?:struct|class|enum class|enum) (\w+)", line) for line in own_lines(source))
    return {match[1] for match in found if match}


def check_batch(build, batch):
    if len(batch) > 1 and is_clean_together(build, batch):
        for _, _, mark in batch:
            mark.touch()
        return [(source, True, "") for source, _, _ in batch]
    return [run_one(build, source, mark) for source, _, mark in batch]


def is_clean_together(build, batch):
    folder = build / "tidy"
    folder.mkdir(exist_ok=True)
    first, command, mark = batch[0]
    together = folder / f"{mark.name}.cc"
    together.write_text(as_one_file([source for source, _, _ in batch]))
    words = shlex.split(command)
    flags = [word for word in words if word.startswith(("-I", "-D", "-std="))]
    for at, word in enumerate(words):
        if word == "-isystem":
            flags += [word, words[at + 1]]
    run = subprocess.run(
        [PROGRAM, "--quiet", "--checks=-bugprone-suspicious-include"]
        + [f"--config-file={ROOT / '.clang-tidy'}", together, "--", "-w", *flags],
        capture_output=True,
    )
    together.unlink()
    return run.returncode == 0


def as_one_file(sources):
    """All headers first; then each file, with a name of its own for each type that is its own."""
    headers, bodies = [], []
    for number, source in enumerate(sources):
        headers += re.findall(r"^#include .*$", source.read_text(), re.MULTILINE)
        types = sorted(own_types(source))
        bodies += [f"#define {name} {name}_{number}" for name in types]
        bodies += [f'#include "{source}"'] + [f"#undef {name}" for name in types]
    return "\n".join(list(dict.fromkeys(headers)) + bodies) + "\n"


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
