"""What Millgate's own packages carry: files by path, gathered from a build folder."""

import dataclasses
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# The system brings these: the loader must be the system's own, and carries the first; whatever else a
# process loads (name services, libpq) expects one C++ library.
OF_THE_SYSTEM = {"libc6", "libgcc-s1", "libstdc++6"}
# What the program loads when it needs it, so that ldd does not tell (engine/ground/curl_library.h).
LOADED_LATER = ["libcurl.so.4"]


class PackagingError(Exception):
    """What is wrong, and the next step."""

    def __init__(self, what, hint):
        super().__init__(what)
        self.hint = hint


@dataclasses.dataclass
class File:
    content: bytes
    mode: int = 0o644


@dataclasses.dataclass(frozen=True)
class KnownLibrary:
    name: str  # Of a library that is loaded: how the name of its file begins.
    licence: str  # SPDX.
    package: str  # Of Debian, or the product; its folder in share/millgate/licences.


def read_known(name):
    """The list of engine/system/ship/NAME.inc, which the program reads too."""
    rows = (ROOT / f"engine/system/ship/{name}.inc").read_text().splitlines()
    return [KnownLibrary(*re.findall(r'"([^"]*)"', row)) for row in rows if row.startswith("{")]


KNOWN = read_known("known_libraries")
COMPILED_IN = read_known("compiled_in_libraries")


def known_library(file):
    for one in KNOWN:
        if file.startswith(one.name):
            return one
    raise PackagingError(
        f"the licence of {file} is not known",
        "add it to engine/system/ship/known_libraries.inc and build again",
    )


def version():
    text = (ROOT / "engine/ground/program_version.h").read_text()
    return re.search(r'kProgramVersion = "([^"]+)"', text)[1]


def ask(*command, **more):
    ran = subprocess.run([str(one) for one in command], capture_output=True, text=True, **more)
    if ran.returncode != 0:
        raise PackagingError(
            f"{command[0]} failed: {ran.stderr.strip() or ran.stdout.strip()}",
            "scripts/setup installs the tools that packaging needs",
        )
    return ran.stdout


def gather(build, work):
    """Program, prebuilt libraries and share/, as they lie beside each other. `work` is a scratch folder."""
    program = build / "millgate"
    if not program.is_file():
        raise PackagingError(f"there is no program in {build}", "run scripts/build millgate")
    stripped = work / "millgate"
    ask("strip", "-o", stripped, program)
    files = {"millgate": File(stripped.read_bytes(), 0o755)}
    for path in sorted((build / "lib").iterdir()):
        # As their makers built them, so that their hashes can be looked up.
        files[f"lib/{path.name}"] = File(path.read_bytes())
    if "lib/libduckdb.so" not in files:
        raise PackagingError(f"{build}/lib is not complete", "run scripts/build millgate")
    for name, path in found_below(build / "share"):
        files[f"share/{name}"] = File(path.read_bytes())
    for one in [*KNOWN, *COMPILED_IN]:
        if not any(name.startswith(f"share/millgate/licences/{one.package}/") for name in files):
            raise PackagingError(
                f"the licence of {one.package} is missing in {build}/share/millgate/licences",
                f"scripts/setup unpacks it, or /usr/share/doc/{one.package}/copyright holds it; "
                f"then remove {build}/CMakeCache.txt and build again",
            )
    return files


def found_below(folder, name=""):
    """(name, file), links followed."""
    for path in sorted(folder.iterdir()):
        below = f"{name}{path.name}"
        if path.is_dir():
            yield from found_below(path, f"{below}/")
        elif not path.name.startswith("."):
            yield below, path


def system_libraries(build):
    """{name: path} of the libraries of this machine that the program or one of lib/ needs, by ldd."""
    needed = {name: place_of(name) for name in LOADED_LATER}
    for file in [build / "millgate", *(build / "lib").iterdir(), *needed.values()]:
        for name, path in re.findall(r"^\t(\S+) => (\S+)", ask("ldd", file), re.MULTILINE):
            if path == "not":
                raise PackagingError(f"{file} needs {name}, which is not here", "run scripts/setup")
            if not (build / "lib" / name).exists():
                needed[name] = pathlib.Path(path).resolve()
    return {
        name: path
        for name, path in sorted(needed.items())
        if known_library(name).package not in OF_THE_SYSTEM
    }


def place_of(name):
    """Where the loader finds the library of this machine."""
    found = re.search(rf"^\t{re.escape(name)} .*x86-64.* => (\S+)", ask("/sbin/ldconfig", "-p"), re.MULTILINE)
    if not found:
        raise PackagingError(f"{name} is not here", "run scripts/setup")
    return pathlib.Path(found[1]).resolve()


def glibc_needed(files):
    """The newest version of glibc that one of `files` asks for, as (major, minor)."""
    versions = [
        tuple(int(part) for part in found)
        for name, file in files.items()
        if file.content.startswith(b"\x7fELF")
        for found in re.findall(rb"\0GLIBC_(\d+)\.(\d+)(?=[.\0])", file.content)
    ]
    return max(versions)
