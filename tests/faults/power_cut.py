"""The power fails at every step on the disk: each write, sync and rename of a command in turn is its
last (power_cut.cc). Afterwards the ledger is whole, nothing that was reported done is lost, and the
same command works.

Each step is cut in one mode of three, another one from step to step and by the seed;
MILLGATE_EVERY_MODE=1 cuts every step of every command in all of them."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

MODES = ("torn", "power", "names")
ROWS = 3000
SOURCE = pathlib.Path(__file__).resolve().parent / "power_cut.cc"
SETTINGS = """
project = { name = "orders" }
source = [{ name = "orders", path = "orders.csv", key = ["id"] }]
"""


def memory_folder():
    """Syncs cost nothing there; what was not synced is taken away by power_cut.cc, not by a disk."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    return tempfile.TemporaryDirectory(prefix="millgate-", dir=place)


def build(folder):
    library = folder / "power_cut.so"
    flags = ["-std=c++20", "-shared", "-fPIC", "-O1"]
    subprocess.run(["c++", *flags, "-o", library, SOURCE, "-ldl"], check=True)
    return library


def rows(changed=()):
    """Large enough for a segment that is worth a delta."""
    lines = ["id,amount,note"]
    for number in range(ROWS):
        amount = (number * 7919 % 100_003) / 8
        note = "changed" if number in changed else f"note {number * 104_729 % 1_000_003}"
        lines.append(f"{number},{amount},{note}")
    return "\n".join(lines) + "\n"


class Cutter:
    """A project in memory that is put back before each cut."""

    def __init__(self, project, folder, chance):
        self.project = project
        self.folder = pathlib.Path(folder)
        self.offset = chance.randrange(len(MODES))
        self.chosen = chance.randrange(1000)
        self.library = build(self.folder)
        shutil.move(project.folder, self.folder / "project")
        project.folder = self.folder / "project"
        project.settings.write_text(SETTINGS)
        self.write(rows())
        self.finally_holds = lambda: None

    def write(self, text):
        (self.project.folder / "orders.csv").write_text(text)

    def changes(self, name, *lines):
        (self.project.folder / name).write_text("\n".join(lines) + "\n")

    def run(self, *command):
        self.project.run(*command).must(0)

    def happened(self):
        """What the ledger holds, without what differs from run to run."""
        if not (self.project.folder / ".millgate").exists():
            return []
        return [(event["kind"], event["subject"]) for event in self.project.json("ledger")]

    def cut_everywhere(self, *command, code=0, again="", data=True, one_of=1):
        """The command ends with `code` when it is not cut; afterwards there is `data` to read.

        `again`: the error that it ends with when it was done before. `one_of`: of so many steps in
        a row one is cut, by the seed, where all would take too long.
        """
        before = self.folder / "before"
        shutil.copytree(self.project.folder, before)
        happened_before = self.happened()
        self.project.run(*command).must(code)
        self.command, self.code, self.again, self.data = command, code, again, data
        self.states = happened_before, self.happened()
        self.sums = self.read() if data else None
        every = bool(os.environ.get("MILLGATE_EVERY_MODE"))
        count = 0
        for number in range(len(MODES)):
            mode = MODES[(number + self.offset) % len(MODES)]
            step, stride = (1, 1) if every else (1 + number, len(MODES) * one_of)
            step += 0 if every else len(MODES) * (self.chosen % one_of)
            while (reported := self.cut(before, step, mode)) is not None:
                try:
                    self.check(reported)
                except AssertionError as failure:
                    raise AssertionError(f"{command}, {mode} at step {step}: {failure}") from None
                step += stride
                count += 1
        assert count > 6, f"only {count} steps were seen"

    def cut(self, before, step, mode):
        """What it printed until it was cut; nothing when it ended before that step."""
        folder = self.project.folder
        shutil.rmtree(folder)
        shutil.copytree(before, folder)
        environment = dict(
            self.project.environment,
            LD_PRELOAD=str(self.library),
            MILLGATE_CUT_FOLDER=str(folder / ".millgate"),
            MILLGATE_CUT_AT=str(step),
            MILLGATE_CUT_MODE=mode,
        )
        command = [self.project.program, *self.command]
        ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        if ended.returncode == self.code:
            return None
        assert ended.returncode == -signal.SIGKILL, f"{ended.returncode} {ended.stderr}"
        return ended.stdout

    def check(self, reported):
        before, after = self.states
        now = self.happened()
        assert now in (before, after), f"the ledger has {now}"
        assert not reported or now == after, f"it said `{reported}`, but that is lost"
        again = self.project.run(*self.command)
        if now == after and self.again and again.code == 2:
            again.must_be_clear().must(2, self.again)
        else:
            again.must(self.code)
        assert self.happened() == after, f"the ledger has {self.happened()} when done again"
        self.project.run("ledger", "--verify").must(0)
        self.finally_holds()
        if self.data:
            assert self.read() == self.sums, f"{self.read()} instead of {self.sums}"

    def read(self):
        return self.project.run(
            "sql", "select count(*), sum(amount), sum(hash(note) % 1000) from orders"
        ).must(0).out


def cut_in_init(cutter):
    for path in cutter.project.folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    cutter.cut_everywhere("init", ".", again="already", data=False)


def cut_in_first_commit(cutter):
    cutter.cut_everywhere("commit", "-m", "first")


def cut_in_next_commit(cutter):
    cutter.run("commit", "-m", "first")
    cutter.write(rows(changed={5, 700, 2900}))
    cutter.cut_everywhere("commit", "-m", "next")


def cut_in_changes(cutter):
    cutter.run("commit", "-m", "first")
    cutter.changes("some.csv", "_change,id,note", "upsert,7,new", "delete,9,", "upsert,3001,more")
    command = ["commit", "-m", "some", "--table", "orders", "--changes", "some.csv"]
    cutter.cut_everywhere(*command, again="delete a row that is not there: id = 9")


def cut_in_branch(cutter):
    cutter.run("commit", "-m", "first")
    cutter.cut_everywhere("branch", "other", again="exists already")


def with_two_sides(cutter):
    cutter.run("commit", "-m", "first")
    cutter.run("branch", "other")
    for branch, column in (("other", "note"), ("main", "amount")):
        cutter.changes("side.csv", f"id,{column}", "5,1", "900,2")
        cutter.run("commit", "-b", branch, "-m", branch, "--table", "orders", "--changes", "side.csv")


def cut_in_merge(cutter):
    with_two_sides(cutter)
    cutter.cut_everywhere("merge", "other")


def cut_in_fast_forward(cutter):
    cutter.run("commit", "-m", "first")
    cutter.run("branch", "other")
    cutter.changes("side.csv", "id,note", "5,1")
    cutter.run("commit", "-b", "other", "-m", "o", "--table", "orders", "--changes", "side.csv")
    cutter.cut_everywhere("merge", "other")


def cut_in_a_merge_that_must_wait(cutter):
    with_two_sides(cutter)
    cutter.changes("side.csv", "id,note", "5,mine")
    cutter.run("commit", "-m", "mine", "--table", "orders", "--changes", "side.csv")
    cutter.cut_everywhere("merge", "other", code=1, again="waits for decisions")
    cutter.run("merge", "--abort")
    cutter.run("merge", "other", "--policy", "ours")


def cut_in_revert(cutter):
    with_two_sides(cutter)
    cutter.cut_everywhere("revert", cutter.project.json("log")[0]["commit"])


def forgotten_for_good(cutter, key):
    """What held the row is gone, and no version has it."""
    folder = cutter.project.folder / ".millgate"
    found = "select count(*) as n from (select id from orders union all select id from orders@~1)"
    cutter.project.run("sql", f"{found} where id = {key}").must(0, "n\n0")
    removed = set()
    for path in (folder / "objects").glob("*/*"):
        data = path.read_bytes()
        if data.startswith(b"{") and b'"millgate forget"' in data:
            removed.update(json.loads(data)["removed"])
    assert removed, "no record tells what was removed"
    left = [name for name in removed if (folder / "objects" / name[:2] / name[2:]).exists()]
    assert not left, f"{left} are left"


def cut_in_forget(cutter):
    cutter.run("commit", "-m", "first")
    cutter.changes("some.csv", "id,note", "7,new", "700,other")
    cutter.run("commit", "-m", "some", "--table", "orders", "--changes", "some.csv")
    cutter.finally_holds = lambda: forgotten_for_good(cutter, 700)
    cutter.cut_everywhere("forget", "orders", "700", one_of=3)
    cutter.project.run("fsck").must(0)


def in_memory(case):
    """The case with a project whose disk is memory."""

    def run(project, chance):
        with memory_folder() as folder:
            case(Cutter(project, folder, chance))

    run.__name__ = case.__name__
    return run


CASES = [
    in_memory(case)
    for case in (
        cut_in_init,
        cut_in_first_commit,
        cut_in_next_commit,
        cut_in_changes,
        cut_in_branch,
        cut_in_merge,
        cut_in_fast_forward,
        cut_in_a_merge_that_must_wait,
        cut_in_revert,
        cut_in_forget,
    )
]
