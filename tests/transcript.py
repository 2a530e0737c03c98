"""Transcripts: `$ command` lines with what they print, run in one shell and compared.

    # why: a comment; before the first command, or a whole line elsewhere
    $ millgate branch
    branch  commit
    main    [ID]
    $ millgate show nothing
    error: ...
    [exit 2]

A command's standard output comes first, then its standard error. `[exit N]` is its exit code when
that is not 0. A command goes on in lines that begin with `> `.

In expected lines [ID] stands for hex digits, [TIME] for a time, [NUMBER] for a number, [SIZE] for a
size such as 1.2 MB, [...] for anything on the line; a line `...` for any number of lines. In a line
with one of these, blanks count as one blank, because columns move with the width of values.
"""

import dataclasses
import os
import pathlib
import re
import selectors
import signal
import subprocess
import tempfile
import time

WILDCARDS = {
    "[ID]": r"[0-9a-f]{6,64}",
    "[TIME]": r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?Z)?",
    "[NUMBER]": r"[-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:e[-+]?\d+)?",
    "[SIZE]": r"\d[\d.]* [kMGT]?B",
    "[...]": r".*",
}
ANY_LINES = "..."
SECONDS_MAX = 300


@dataclasses.dataclass
class Step:
    """One command and what it should print."""

    command: str
    expected: list
    line: int
    exit_code: int = 0


@dataclasses.dataclass
class Outcome:
    """What a command really did."""

    lines: list
    exit_code: int


def parse(lines, first_line=1):
    """The steps of a transcript, given as lines."""
    steps = []
    for number, line in enumerate(lines, first_line):
        if line.startswith("$ "):
            steps.append(Step(line[2:], [], number))
        elif steps and not steps[-1].expected and re.match(r">( |$)", line):
            steps[-1].command += "\n" + line[2:]
        elif steps and (code := re.fullmatch(r"\[exit (\d+)\]", line)):
            steps[-1].exit_code = int(code[1])
        elif steps and not line.startswith("# "):
            steps[-1].expected.append(line)
    for step in steps:
        while step.expected and not step.expected[-1].strip():
            step.expected.pop()
    return steps


class Shell:
    """One bash in which commands run one after the other, with its own empty folder."""

    def __init__(self, folder, environment):
        self.folder = pathlib.Path(folder)
        self.out = self.folder / ".out"
        self.err = self.folder / ".err"
        work = self.folder / "work"
        work.mkdir()
        self.bash = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=work,
            env=environment,
            text=True,
            start_new_session=True,
        )
        self.last_code = 0

    def run(self, command):
        """Runs one command; its output goes to files, so that background jobs hold nothing open."""
        script = f"(exit {self.last_code})\n{{ {command}\n}} >{self.out} 2>{self.err} </dev/null\n"
        self.bash.stdin.write(script + "echo $?\n")
        self.bash.stdin.flush()
        answer = self.read_line()
        self.last_code = int(answer)
        text = self.out.read_text("utf-8", "replace")
        if text and not text.endswith("\n"):
            text += "\n"
        text += self.err.read_text("utf-8", "replace")
        text = text.replace(str(self.folder / "work"), "[FOLDER]")
        return Outcome([line.rstrip() for line in text.splitlines()], self.last_code)

    def read_line(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self.bash.stdout, selectors.EVENT_READ)
            if not selector.select(SECONDS_MAX):
                raise TimeoutError(f"no answer in {SECONDS_MAX} s")
        line = self.bash.stdout.readline()
        if not line:
            raise EOFError("the shell ended")
        return line

    def close(self):
        """Ends the shell and whatever it left running: its session is its own."""
        try:
            os.killpg(self.bash.pid, signal.SIGTERM)
            deadline = time.monotonic() + 5
            while self.bash.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
            os.killpg(self.bash.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.bash.wait()
        self.bash.stdin.close()
        self.bash.stdout.close()


def line_pattern(expected):
    parts = re.split(f"({'|'.join(map(re.escape, WILDCARDS))})", expected)
    if len(parts) == 1:
        return None
    # A wildcard is one word, so the blanks around it may differ, and so may those elsewhere.
    text = "".join(WILDCARDS.get(part) or re.escape(squeeze(part)) for part in parts)
    return re.compile(r"\ ?" + text.removeprefix(r"\ "))


def squeeze(text):
    return re.sub(r"\s+", " ", text)


def line_matches(expected, found):
    pattern = line_pattern(expected)
    if pattern is None:
        return expected.rstrip() == found
    return pattern.fullmatch(squeeze(found)) is not None


def matches(expected, found):
    """Whether the lines agree; `...` takes as many lines as needed."""
    reachable = {0}
    for line in expected:
        if line.strip() == ANY_LINES:
            reachable = set(range(min(reachable, default=len(found) + 1), len(found) + 1))
        else:
            reachable = {
                at + 1 for at in reachable if at < len(found) and line_matches(line, found[at])
            }
        if not reachable:
            return False
    return len(found) in reachable


def environment(program):
    """What every command sees: the program in the path, a fixed author, no surprises from outside."""
    keep = {name: os.environ[name] for name in ("HOME", "TMPDIR", "LANG") if name in os.environ}
    return {
        **keep,
        "PATH": f"{pathlib.Path(program).parent}:{os.environ['PATH']}",
        "MILLGATE_AUTHOR": "ada",
        "NO_COLOR": "1",
        "ROOT": str(pathlib.Path(__file__).resolve().parent.parent),
    }


def program():
    """The program under test."""
    root = pathlib.Path(__file__).resolve().parent.parent
    path = pathlib.Path(os.environ.get("MILLGATE", root / "build" / "millgate")).resolve()
    if not path.exists():
        raise SystemExit(f"error: no program at {path}\nhint: run scripts/build millgate")
    return path


def folder():
    """A temporary folder with a name of fixed length."""
    return tempfile.TemporaryDirectory(prefix="millgate-")
