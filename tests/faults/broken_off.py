"""`kill -9` at random moments, and several processes at once: the ledger stays whole, nothing that
was reported done is lost, and the same command works afterwards."""

import os
import pathlib
import signal
import time

from project import Outcome, Project

KILLS = 12


def kill_during(project, chance, seconds, *command):
    """Starts the command and kills it within `seconds`; True when it had ended before."""
    process = project.start(*command, start_new_session=True)
    time.sleep(chance.uniform(0, seconds))
    ended = process.poll() is not None
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.communicate()
    return ended


def duration_of(project, *command):
    begin = time.monotonic()
    project.run(*command).must(0)
    return time.monotonic() - begin


def new_rows(project, number):
    project.change_rows(lambda lines: lines[:801] + [f"E{number:04d},2025-12-30,5,basic,0,0,12.00,0"])


def killed_in_commit(project, chance):
    seconds = duration_of(project, "commit", "-m", "first")
    messages = ["first"]
    for number in range(KILLS):
        new_rows(project, number)
        message = f"number {number}"
        kill_during(project, chance, seconds * 1.1, "commit", "-m", message)
        project.run("ledger", "--verify").must(0)
        # Either it was recorded before the end came, or the same command records it now.
        project.run("commit", "-m", message).must(0)
        messages.append(message)
        assert project.messages() == messages, f"{project.messages()}"
        count = f"select count(*) as n from customers where customer = 'E{number:04d}'"
        project.run("sql", count).must(0, "1")
    project.must_be_whole(messages)
    scratch = project.folder / ".millgate" / "scratch"
    left = sorted(scratch.rglob("*")) if scratch.exists() else []
    assert len(left) < 200, f"{len(left)} files are left in scratch/"


def killed_in_run(project, chance):
    project.commit("rows")
    seconds = duration_of(project, "run")
    first = project.json("runs")[0]["model"]
    for number in range(KILLS):
        setting = f"train.seed={number + 2}"
        kill_during(project, chance, seconds * 1.1, "run", "--set", setting)
        project.run("ledger", "--verify").must(0)
        project.run("run", "--set", setting).must(0)
    models = {run["model"] for run in project.json("runs")}
    assert first in models
    for model in models:
        project.run("predict", model, "--limit", "3").must(0)
    project.must_be_whole(["rows"])


SEARCH = ["tune", "--set", "train.rounds_max=40", "--set", "train.tune={trials=24}"]


def trials_of(project, *options):
    """The trials of a search, without what depends on the machine."""
    report = project.json(*SEARCH, *options)
    return [{**trial, "seconds": 0} for trial in report["trials"]]


def untouched_trials(project):
    """Those of one worker that nobody disturbs, in a project of its own with the same rows."""
    twin = Project(project.folder.parent / "twin")
    twin.commit("rows")
    begin = time.monotonic()
    trials = trials_of(twin, "--workers", "1")
    return trials, time.monotonic() - begin


def killed_in_tune(project, chance):
    """A search that is killed again and again ends with the trials of one that never was."""
    project.commit("rows")
    whole, seconds = untouched_trials(project)
    kept = 0
    for _ in range(KILLS):
        kill_during(project, chance, seconds * 0.5, *SEARCH, "--workers", "2")
        project.run("ledger", "--verify").must(0)
        now = len(project.json("ledger", "--kind", "trial"))
        assert now >= kept, f"{kept - now} trials are gone"
        kept = now
    assert trials_of(project) == whole
    project.must_be_whole(["rows"])


def two_tuners_at_once(project, chance):
    """They share the trials of one study; one of them is killed, and the other ends it."""
    project.commit("rows")
    whole, seconds = untouched_trials(project)
    victim = project.start(*SEARCH, "--workers", "2", start_new_session=True)
    others = [project.start(*SEARCH, "--workers", "1", "--json") for _ in range(2)]
    time.sleep(chance.uniform(0, seconds * 0.7))
    os.killpg(victim.pid, signal.SIGKILL)
    victim.communicate()
    for other in others:
        out, err = other.communicate(timeout=120)
        Outcome(other.returncode, out, err).must(0)
    assert trials_of(project) == whole
    events = project.json("ledger", "--kind", "trial")
    assert sorted(one["body"]["number"] for one in events) == list(range(25))
    project.must_be_whole(["rows"])


def killed_in_release(project, chance):
    project.commit("rows")
    models = []
    for number in (1, 2):
        project.run("run", "--set", "train.rounds_max=9", "--set", f"train.seed={number}").must(0)
        project.run("gate").must(0)
        models.append(project.json("runs")[-1]["model"])
    seconds = duration_of(project, "release", models[0])
    for number in range(KILLS):
        to = models[(number + 1) % 2]
        kill_during(project, chance, seconds * 1.5, "release", to)
        project.run("ledger", "--verify").must(0)
        again = project.run("release", to)
        # 2: it serves already, because the event was written before the end came.
        assert again.code in (0, 2), again.said
        serving = project.json("ledger", "--at", "2100-01-01")
        assert serving["model"] == to, f"{serving}"
    project.must_be_whole(["rows"])


def killed_in_quarantine_merge(project, chance):
    """What passed comes in once, what was held never does, and the same merge works afterwards."""
    with open(project.settings, "a") as settings:
        settings.write('[[check]]\ntable = "customers"\nrule = "months >= 0"\n')
    header, *lines = project.rows.read_text().splitlines()
    columns = header.split(",")
    months = columns.index("months")
    project.commit("rows")
    seconds = 0
    for number in range(KILLS + 1):
        branch = f"quarantine/{number}"
        project.run("branch", branch).must(0)
        rows = [line.split(",") for line in lines[number * 10 : number * 10 + 10]]
        for at, row in enumerate(rows):
            row[0] = f"Q{number:02d}{at:02d}"
            if at < 3:
                row[months] = "-7"
        arriving = project.folder.parent / f"{number}.csv"
        arriving.write_text("\n".join([header, *map(",".join, rows)]) + "\n")
        project.run(
            "commit", "-b", branch, "--table", "customers", "--changes", str(arriving), "-m", branch
        ).must(0)
        if number == 0:
            begin = time.monotonic()
            project.run("merge", branch).must(1, "3 of them held")
            seconds = time.monotonic() - begin
        else:
            kill_during(project, chance, seconds * 1.1, "merge", branch)
            project.run("ledger", "--verify").must(0)
            assert project.run("merge", branch).code in (0, 1)
        counts = "select count(*) filter (months < 0) || ' ' || count(*) as n from customers"
        project.run("sql", counts).must(0, f"0 {len(lines) + 7 * (number + 1)}")
        # The held rows are still where they arrived.
        project.run("sql", counts, "--rev", branch).must(0, "3 ")
    project.must_be_whole()


def children_of(process):
    """Those that still run, with what started them: {number: command}."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        try:
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            if parent == str(process):
                found[int(entry.name)] = (entry / "cmdline").read_text()
        except OSError:
            pass  # It has ended meanwhile.
    return found


def killed_in_gate(project, chance):
    """While the model is served to be measured: no server is left, no verdict is half made, and the
    same command works afterwards."""
    project.commit("rows")
    project.run("run", "--set", "train.rounds_max=9").must(0)
    asked = ["gate", "--set", 'requirement=[{metric="start_ms", at_most=60000}]']
    for _ in range(4):
        gate = project.start(*asked, start_new_session=True)
        served, began = [], None
        wait = chance.uniform(0, 0.3)
        while gate.poll() is None:
            os.kill(gate.pid, signal.SIGSTOP)  # It ends no server while its children are looked at.
            served = [one for one, words in children_of(gate.pid).items() if "--package" in words]
            began = began or (time.monotonic() if served else None)
            is_time = served and time.monotonic() - began >= wait
            os.kill(gate.pid, signal.SIGKILL if is_time else signal.SIGCONT)
            if is_time:
                break
            time.sleep(0.01)
        said = "".join(gate.communicate())
        assert served, f"nothing was served, or it was over too early:\n{said}"
        until = time.monotonic() + 20
        while any(pathlib.Path(f"/proc/{one}/exe").exists() for one in served):
            assert time.monotonic() < until, f"servers are left: {served}"
            time.sleep(0.01)
    assert not project.json("ledger", "--kind", "verdict")
    project.run(*asked).must(0, "start_ms")
    project.must_be_whole(["rows"])


def two_commits_at_once(project, chance):
    """All of a table at once: each either is in the log or was told that another one won."""
    project.commit("first")
    text = project.rows.read_text()
    for number in range(6):
        part = project.folder / f"part{number}.csv"
        part.write_text(text + f"E{number:04d},2025-12-30,5,basic,0,0,12.00,0\n")
    started = [
        project.start("commit", "-m", f"number {n}", "--set", f"source.0.path=part{n}.csv")
        for n in range(6)
    ]
    done = []
    for number, process in enumerate(started):
        out, err = process.communicate(timeout=120)
        outcome = Outcome(process.returncode, out, err)
        if outcome.code == 0:
            done.append(f"number {number}")
        else:
            outcome.must_be_clear().must(2, "hint:")
    assert done, "nobody could commit"
    messages = project.messages()
    assert messages[0] == "first" and sorted(messages[1:]) == sorted(done), f"{messages}, done {done}"
    project.must_be_whole()


def forget_beside_commits(project, chance):
    """Commits that hold the row, and one that forgets it: whoever comes first, it is gone."""
    project.commit("first")
    for number in range(4):
        person = f"C{100 + number:04d}"
        new_rows(project, number)
        forget = project.start("forget", "customers", person)
        time.sleep(chance.uniform(0, 0.1))
        commit = project.start("commit", "-m", f"number {number}")
        said = "".join(forget.communicate())
        # 1: objects of the commit, which nothing referred to yet, are told.
        assert forget.returncode in (0, 1), said
        told = "".join(commit.communicate())
        # 1: the commit held the row; 2: another version of the table won.
        assert commit.returncode in (0, 1, 2), told
        for one in project.json("log"):
            count = f"select count(*) as n from customers where customer = '{person}'"
            project.run("sql", count, "--rev", one["commit"]).must(0, "n\n0")
        project.run("ledger", "--verify").must(0)
        project.change_rows(lambda lines: [one for one in lines if not one.startswith(person)])
    project.run("commit", "-m", "last").must(0)
    project.must_be_whole()


def many_writers(project, chance):
    """Two to sixteen at once, each on its own branch or all on main: who was told that it is done is
    in the history, with its rows; who was not learns that another one won and what to do."""
    project.commit("first")
    for count in (2, 5, 16):
        branches = ["main" if chance.randrange(2) else f"b{count}-{n}" for n in range(count)]
        for branch in set(branches) - {"main"}:
            project.run("branch", branch).must(0)
        before = set(project.messages())
        started = []
        for number, branch in enumerate(branches):
            changes = project.folder / f"change{number}.csv"
            changes.write_text(f"customer,months\nW{count:02d}{number:02d},{number}\n")
            command = ["commit", "-b", branch, "-m", f"{count} {number}"]
            started.append(project.start(*command, "--table", "customers", "--changes", str(changes)))
        done = []
        for number, process in enumerate(started):
            out, err = process.communicate(timeout=120)
            outcome = Outcome(process.returncode, out, err)
            if outcome.code == 0:
                done.append(number)
            else:
                outcome.must_be_clear().must(2, "`customers`", "changed meanwhile", "hint:")
                assert branches[number] == "main", "nobody else wrote to this branch"
        assert [n for n in done if branches[n] == "main"] or "main" not in branches, "main got nothing"
        on_main = {f"{count} {n}" for n in done if branches[n] == "main"}
        assert set(project.messages()) - before == on_main, f"{project.messages()}"
        for number in done:
            row = f"select months from customers where customer = 'W{count:02d}{number:02d}'"
            said = project.run("sql", row, "--rev", branches[number]).must(0).out
            assert said.split() == ["months", str(number)], f"{branches[number]}: {said}"
    project.must_be_whole()


def many_readers_while_committing(project, chance):
    project.commit("first")
    for number in range(4):
        new_rows(project, number)
        writer = project.start("commit", "-m", f"number {number}")
        readers = [project.start("sql", "select count(*) as n from customers") for _ in range(4)]
        for process in [writer, *readers]:
            out, err = process.communicate(timeout=120)
            assert process.returncode == 0, out + err
    project.must_be_whole(["first", *(f"number {number}" for number in range(4))])


def two_releases_at_once(project, chance):
    project.commit("rows")
    project.run("run", "--set", "train.rounds_max=20").must(0)
    project.run("gate").must(0)
    started = [project.start("release") for _ in range(4)]
    codes = []
    for process in started:
        out, err = process.communicate(timeout=120)
        codes.append(process.returncode)
        assert process.returncode in (0, 2), out + err
    assert codes.count(0) == 1, f"exit codes {codes}: exactly one may say that it released"
    events = project.json("ledger", "--kind", "release")
    assert len(events) == 1, f"{events}"
    project.must_be_whole(["rows"])


CASES = [
    killed_in_commit,
    killed_in_run,
    killed_in_tune,
    two_tuners_at_once,
    killed_in_release,
    killed_in_gate,
    killed_in_quarantine_merge,
    two_commits_at_once,
    forget_beside_commits,
    many_writers,
    many_readers_while_committing,
    two_releases_at_once,
]
