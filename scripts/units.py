"""Puts the source files of a folder together into units, each compiled as one file.

    units.py BUILD_FOLDER

Most of what a source file costs to compile is headers and the templates that they bring. Files that
are compiled as one pay for them once: half of the time of a whole build, and of one after a change
to a header. A unit is a file of #include lines, BUILD_FOLDER/units/FOLDER/unit_NN.cc, or test_NN.cc
for the tests of that folder; cmake/room.cmake compiles what it finds there.

In a unit, what one file keeps for itself (its anonymous namespaces and macros) is seen by the next,
so files whose own names mean something in the other are never put together. Where a file goes
depends on its name, so that another file seldom moves it, and clones agree.
"""

import hashlib
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILES = 6  # That a unit has about.
MOST_FILES = 8
# At the beginning of a line.
TYPE = re.compile(r"(?:template <.*> )?(?:struct|class|enum class|enum|concept|using(?= \w+ =)) (\w+)")
FUNCTION = re.compile(r"(?!\s|return |TEST|INSTANTIATE_)(?:[^={}();]*[ *&>])?(\w+)\(")
CONSTANT = re.compile(r"(?!\s|return |using )[^={}();]*[ *&>](\w+)(?:\[\w*\])?(?: = ?|[{;])")
MACRO = re.compile(r"#define (\w+)")


class Source:
    """A source file, and what its names say of how it goes with others."""

    def __init__(self, path):
        self.path = path
        text = path.read_text()
        # Lines of a table (.inc) stand where they are read.
        self.include_lines = re.findall(r"^#include .*(?<!\.inc\")$", text, re.MULTILINE)
        self.types, self.functions, self.others = own_names(text)
        code = without_talk(text)
        # The name of a member means the member, whatever else has that name.
        self.used = set(re.findall(r"(?<![.>:\w])[A-Za-z_]\w*", code))
        self.called = set(re.findall(r"(?<![.>:\w])([A-Za-z_]\w*)\(", code))
        self.qualified = set(re.findall(r"(?<=[.>:])[A-Za-z_]\w*", code))
        self.fixtures = set(re.findall(r"^TEST_\w\((\w+)", code, re.MULTILINE))

    def fits(self, other):
        return self.keeps_from(other) and other.keeps_from(self)

    def keeps_from(self, other):
        """Whether nothing that only this file knows means something in the other."""
        return not (
            self.functions & other.called
            or (self.functions | self.others) & (other.functions | other.others | other.types)
            or self.others & other.used
            or (self.types - self.renamed()) & other.used
        )

    def renamed(self):
        """Types that get a name of their own by a macro while this file is read."""
        return self.types - self.qualified - self.fixtures


def without_talk(text):
    """Without comments and what stands between quotes."""
    return re.sub(r'"(?:\\.|[^"\\\n])*"|//.*', "", text)


def own_names(text):
    """(types, functions, others) of the anonymous namespaces, as far as a look at lines tells."""
    types, functions, others = set(), set(), set()
    inside = False
    for line in text.splitlines():
        if line in ("namespace {", "}  // namespace"):
            inside = line == "namespace {"
        elif found := MACRO.match(line):
            others.add(found[1])
        elif inside and (found := TYPE.match(line)):
            types.add(found[1])
        elif inside and (found := FUNCTION.match(line)):
            functions.add(found[1])
        elif inside and (found := CONSTANT.match(line)):
            others.add(found[1])
    return types, functions, others


def units_of(paths):
    """[[Source]]: each list one unit, by the number of the unit; a list may be empty."""
    sources = [Source(path) for path in sorted(paths)]
    count = 1
    while count * FILES < len(sources):
        count *= 2
    units = [[] for _ in range(count)]
    for source in sources:
        start = int(hashlib.sha256(source.path.name.encode()).hexdigest(), 16)
        for step in range(len(units)):
            unit = units[(start + step) % count if step < count else step]
            if len(unit) < MOST_FILES and all(source.fits(other) for other in unit):
                unit.append(source)
                break
        else:
            units.append([source])
    return units


def unit_text(unit):
    """All headers first, so that no macro of ours is seen by them; then each file."""
    if len(unit) == 1:
        return include(unit[0])
    lines = dict.fromkeys(f"{line}\n" for source in unit for line in source.include_lines)
    text = "".join(lines)
    for number, source in enumerate(unit):
        names = sorted(source.renamed())
        text += "".join(f"#define {name} {name}_{number}\n" for name in names)
        text += include(source)
        text += "".join(f"#undef {name}\n" for name in names)
    return text


def include(source):
    """Relative, so that what ccache keeps is good for every clone."""
    return f'#include "{source.path.relative_to(root_of(source.path)).as_posix()}"\n'


def root_of(path):
    """What the room's include path has."""
    return ROOT / "engine" if path.is_relative_to(ROOT / "engine") else ROOT


def sources_of(unit):
    """The files that a unit puts together."""
    names = re.findall(r'^#include "(.*\.cc)"$', unit.read_text(), re.MULTILINE)
    return [next(p for p in (ROOT / "engine" / n, ROOT / n) if p.exists()) for n in names]


def write_units(build, folder):
    paths = [path for path in folder.glob("*.cc") if path != ROOT / "app" / "main.cc"]
    tests = [path for path in paths if path.name.endswith("_test.cc")]
    place = build / "units" / folder.relative_to(ROOT)
    place.mkdir(parents=True, exist_ok=True)
    written = set()
    for kind, chosen in (("unit", set(paths) - set(tests)), ("test", tests)):
        for number, unit in enumerate(units_of(chosen) if chosen else ()):
            if unit:
                file = place / f"{kind}_{number:02}.cc"
                write_if_other(file, unit_text(unit))
                written.add(file)
    for file in place.glob("*.cc"):
        if file not in written:
            file.unlink()


def write_if_other(file, text):
    if not file.exists() or file.read_text() != text:
        file.write_text(text)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    for folder in sorted({path.parent for path in (ROOT / "engine").rglob("*.cc")} | {ROOT / "app"}):
        write_units(build, folder)


if __name__ == "__main__":
    main()
