"""Installations whose large libraries are missing, broken or of another version: commands that need
none of them work, the others say what is wrong where."""

import pathlib
import shutil
import subprocess

DUCKDB = "libduckdb.so"
LIGHTGBM = "lib_lightgbm.so"


def install(project):
    """A copy of the program with links to its libraries; returns where these are."""
    program = pathlib.Path(project.program).resolve()
    libraries = project.folder.parent / "installed" / "lib"
    libraries.mkdir(parents=True)
    for library in (program.parent / "lib").iterdir():
        (libraries / library.name).symlink_to(library.resolve())
    project.program = str(shutil.copy(program, libraries.parent / "millgate"))
    return libraries


def a_library_that_is_missing_or_broken(project, _):
    libraries = install(project)
    project.commit()
    for name, product, needing in (
        (DUCKDB, "DuckDB", ["sql", "select 1"]),
        (LIGHTGBM, "LightGBM", ["run"]),
    ):
        library = libraries / name
        whole = library.readlink()
        library.unlink()
        lines = ["cannot be loaded", name, f"not in {libraries}", "hint: copy "]
        project.run(*needing).must(3, product, *lines).must_be_clear()
        free = [["log"], ["status"], ["show", "main"], ["diff", "main", "main"], ["branch", product]]
        for other in free:
            project.run(*other).must(0)
        library.write_bytes(b"x" * 4096)
        project.run(*needing).must(3, product, str(library), "invalid ELF header").must_be_clear()
        library.unlink()
        library.symlink_to(whole)
    project.run("sql", "select 1").must(0)
    project.must_be_whole(["rows"])


def a_library_of_another_version(project, _):
    libraries = install(project)
    project.commit()
    code = 'const char *duckdb_library_version(void) { return "v1.4.9"; }'
    for name, needing, fault in (
        (DUCKDB, ["sql", "select 1"], "DuckDB is another version than this millgate needs: it is v1.4.9"),
        (LIGHTGBM, ["run"], "LightGBM is another version than this millgate needs: it has no function"),
    ):
        library = libraries / name
        whole = library.readlink()
        library.unlink()
        compile_c = ["cc", "-shared", "-fPIC", "-x", "c", "-o", library, "-"]
        subprocess.run(compile_c, input=code, text=True, check=True)
        project.run(*needing).must(3, fault, str(library), "hint: copy ").must_be_clear()
        library.unlink()
        library.symlink_to(whole)


def threads_that_wait_sleep_unless_told_otherwise(project, _):
    """What OpenMP itself says that it was told."""
    project.commit()
    project.environment.pop("OMP_WAIT_POLICY", None)
    project.environment["OMP_DISPLAY_ENV"] = "true"
    training = ["run", "--set", "train.rounds_max=2"]
    project.run(*training).must(0, "OMP_WAIT_POLICY = 'PASSIVE'")
    project.environment["OMP_WAIT_POLICY"] = "active"
    training[-1] = "train.rounds_max=3"
    project.run(*training).must(0, "OMP_WAIT_POLICY = 'ACTIVE'")


CASES = [
    a_library_that_is_missing_or_broken,
    a_library_of_another_version,
    threads_that_wait_sleep_unless_told_otherwise,
]
