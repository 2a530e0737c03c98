"""A small project of its own for one case, and what must hold after any fault."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.dont_write_bytecode = True
import transcript  # noqa: E402

EXAMPLE = pathlib.Path(__file__).resolve().parent.parent.parent / "examples" / "own-data"
SECONDS_MAX = 120


class Outcome:
    """How a command ended: `code`, and everything it `said`."""

    def __init__(self, code, out, err):
        self.code = code
        self.out = out
        self.err = err
        self.said = out + err

    def must(self, code, *texts):
        """Ended with `code` and said all of `texts`."""
        assert self.code == code, f"exit code {self.code}, expected {code}; it said:\n{self.said}"
        for text in texts:
            assert text in self.said, f"`{text}` is missing in:\n{self.said}"
        return self

    def must_be_clear(self):
        """An error names the fault and is no crash, and promises nothing on stdout."""
        assert self.code in (2, 3), f"exit code {self.code}, expected 2 or 3:\n{self.said}"
        assert self.err.startswith("error: "), f"no `error:` in:\n{self.said}"
        return self


class Project:
    """The project of examples/own-data in `folder`, not yet committed."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "project"
        self.environment = transcript.environment(transcript.program())
        self.program = str(transcript.program())
        self.folder.parent.mkdir(exist_ok=True)
        done = subprocess.run(
            [self.program, "init", str(self.folder)], env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        for name in ("millgate.toml", "customers.csv"):
            shutil.copy(EXAMPLE / name, self.folder / name)

    @property
    def rows(self):
        return self.folder / "customers.csv"

    @property
    def settings(self):
        return self.folder / "millgate.toml"

    def start(self, *command, **options):
        return subprocess.Popen(
            [self.program, *command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def run(self, *command, **options):
        process = self.start(*command, **options)
        out, err = process.communicate(timeout=SECONDS_MAX)
        return Outcome(process.returncode, out, err)

    def json(self, *command):
        return json.loads(self.run(*command, "--json").must(0).out)

    def commit(self, message="rows"):
        return self.run("commit", "-m", message).must(0)

    def messages(self):
        """Those of all commits, oldest first."""
        return [one["message"] for one in reversed(self.json("log", "-n", "100000"))]

    def change_settings(self, before, after):
        text = self.settings.read_text()
        assert before in text, f"`{before}` is not in the settings"
        self.settings.write_text(text.replace(before, after))

    def change_rows(self, change):
        """`change` takes the lines without their ends and gives new ones."""
        lines = change(self.rows.read_text().splitlines())
        self.rows.write_text("\n".join(lines) + "\n")

    def must_be_whole(self, messages=None):
        """The ledger is whole, every commit can be read in full, and none is lost."""
        self.run("ledger", "--verify").must(0)
        if messages == []:
            self.run("log").must(2, "no commit yet")
            return
        commits = self.json("log", "-n", "100000")
        found = [one["message"] for one in reversed(commits)]
        assert messages is None or found == messages, f"commits are {found}, expected {messages}"
        for one in commits:
            self.run("sql", "select * from customers", "--rev", one["commit"]).must(0)

    def serve(self):
        """A running server: (process, url)."""
        process = self.start("serve", "--port", "0", "--json")
        line = process.stdout.readline()
        assert line, f"the server did not start:\n{process.stderr.read()}"
        return process, json.loads(line)["url"]

    def release(self):
        """Commits, runs, gates and releases."""
        self.commit()
        self.run("run", "--set", "train.rounds_max=20").must(0)
        self.run("gate").must(0)
        self.run("release").must(0)


def stop(process):
    process.terminate()
    process.communicate(timeout=SECONDS_MAX)


def post(url, body):
    """(status, text)"""
    done = subprocess.run(
        ["curl", "-sS", "-w", "\n%{http_code}", url, "-d", body], capture_output=True, text=True
    )
    text, _, status = done.stdout.rpartition("\n")
    return int(status), text


def free_bytes(folder):
    state = os.statvfs(folder)
    return state.f_bavail * state.f_frsize
