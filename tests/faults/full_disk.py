"""A disk without room: a small file system in memory where that is permitted, else a limit on the
size of files. The answer says so, and the same command works when there is room again."""

import contextlib
import os
import resource
import subprocess

from project import EXAMPLE, Project, free_bytes


@contextlib.contextmanager
def small_disk(folder, size="6m"):
    """A mounted file system of `size`, or None where mounting is not permitted."""
    place = folder / "small"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], capture_output=True
    )
    try:
        yield place if done.returncode == 0 else None
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", "-l", place], check=True)


def fill(place, leave):
    """Leaves only `leave` bytes of room; the file that takes the rest."""
    filler = place / "filler"
    room = free_bytes(place) - leave
    if room > 0:
        filler.write_bytes(os.urandom(room))
    return filler


def limited(size):
    """For Popen: no file may grow beyond `size` bytes."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def must_fail_for_room(outcome):
    outcome.must(3, "error: ")
    words = ("No space left", "full", "File too large", "too large", "disk")
    assert any(word in outcome.said for word in words), f"it does not say why:\n{outcome.said}"


def more_rows(project):
    """A table of other rows, large enough that it does not fit."""
    head, *rows = (EXAMPLE / "customers.csv").read_text().splitlines()
    lines = [head]
    for copy in range(30):
        lines += [row.replace("C", f"D{copy}", 1).replace(",0", ",1", 1) for row in rows]
    project.rows.write_text("\n".join(lines) + "\n")


def commit_on_a_full_disk(project, _):
    with small_disk(project.folder.parent) as place:
        if place is None:
            print("note: mounting is not permitted here; the limit on file sizes stands in")
            return
        project = Project(place)
        project.commit("good")
        more_rows(project)
        for leave in (0, 16 << 10, 64 << 10):
            filler = fill(place, leave)
            must_fail_for_room(project.run("commit", "-m", "no room"))
            filler.unlink()
            project.must_be_whole(["good"])
        project.commit("with room")
        project.must_be_whole(["good", "with room"])


def run_on_a_full_disk(project, _):
    with small_disk(project.folder.parent) as place:
        if place is None:
            return
        project = Project(place)
        project.commit("good")
        filler = fill(place, 8 << 10)
        must_fail_for_room(project.run("run"))
        filler.unlink()
        assert project.json("runs") == []
        project.run("run").must(0)
        project.must_be_whole(["good"])


def forget_on_a_full_disk(project, _):
    with small_disk(project.folder.parent) as place:
        if place is None:
            return
        project = Project(place)
        project.commit("good")
        for leave in (0, 4 << 10, 24 << 10):
            filler = fill(place, leave)
            outcome = project.run("forget", "customers", "C0017")
            filler.unlink()
            if outcome.code == 0:
                break  # There was room enough.
            must_fail_for_room(outcome)
            project.must_be_whole(["good"])
        project.run("forget", "customers", "C0017").must(0)
        count = "select count(*) as n from customers where customer = 'C0017'"
        project.run("sql", count).must(0, "n\n0")
        project.run("fsck").must(0)


VIEW = """
[[view]]
name = "then"
entity = ["customer"]
sql = "select customer, asked, months from customers"
known = "asked"
"""


def materialise_on_a_full_disk(project, _):
    with small_disk(project.folder.parent) as place:
        if place is None:
            return
        project = Project(place)
        project.settings.write_text(project.settings.read_text() + VIEW)
        project.commit("good")
        project.run("materialise", "--as-of", "2020-01-01").must(0)
        read = ("feature", "get", "then", "customer=C0001", "--at", "2030-01-01")
        for leave in (0, 16 << 10):
            filler = fill(place, leave)
            must_fail_for_room(project.run("materialise", "--as-of", "2030-01-01"))
            filler.unlink()
            project.run(*read).must(1, "missing", "2020-01-01T00:00:00Z")
        project.run("materialise", "--as-of", "2030-01-01").must(0, "time went on")
        project.run(*read).must(0, "present", "2030-01-01T00:00:00Z")


def commit_with_a_limit_on_file_sizes(project, _):
    project.commit("good")
    more_rows(project)
    must_fail_for_room(project.run("commit", "-m", "no room", preexec_fn=limited(8 << 10)))
    project.must_be_whole(["good"])
    project.commit("with room")
    project.must_be_whole(["good", "with room"])


def log_into(project, output):
    return subprocess.run(
        [project.program, "log"],
        cwd=project.folder,
        env=project.environment,
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
    )


def output_on_a_full_disk(project, _):
    project.commit("good")
    with open("/dev/full", "w") as full:
        done = log_into(project, full)
    assert done.returncode == 3 and "error: " in done.stderr, f"{done.returncode}: {done.stderr}"


def output_whose_reader_has_left(project, _):
    project.commit("good")
    reader, writer = os.pipe()
    os.close(reader)
    done = log_into(project, writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, ""), f"{done.returncode}: {done.stderr}"


CASES = [
    commit_on_a_full_disk,
    run_on_a_full_disk,
    forget_on_a_full_disk,
    materialise_on_a_full_disk,
    commit_with_a_limit_on_file_sizes,
    output_on_a_full_disk,
    output_whose_reader_has_left,
]
