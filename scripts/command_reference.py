"""The reference of all commands as Markdown, from what the program says of itself.

    command_reference.py PROGRAM >commands.md
"""

import re
import subprocess
import sys

ABOUT = ("", "Positionals", "Options", "Example", "Exit codes")  # The other sections list commands.


def help_of(program, names):
    asked = [program, *names, "--help"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.rstrip()


def parts_of(text):
    """{section: lines} of a help text; "" is what stands before the first section."""
    parts, name = {"": []}, ""
    for line in text.splitlines():
        if line.endswith(":") and not line.startswith(" "):
            name = line[:-1]
            parts[name] = []
        else:
            parts[name].append(line)
    return parts


def entries_of(lines):
    """(term, words) of a list; words stand from column 30, or on the next line after a long term."""
    entries = []
    for line in lines:
        term, words = line[:30].strip(), line[30:].strip()
        if line.startswith("  ") and line[2:3].strip():
            if len(line) > 30 and line[29:30].strip():  # The term is longer than its column.
                term, words = line.strip(), ""
            entries.append([term, words])
        elif entries and line.strip():
            entries[-1][1] = f"{entries[-1][1]} {line.strip()}".strip()
    return entries


def commands_of(parts):
    """(section, command) of every command that the help lists."""
    return [(section, name) for section in parts if section not in ABOUT
            for name, _ in entries_of(parts[section])]


def table(title, entries):
    def cell(text):
        return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")

    rows = [f"| `{term.replace('|', chr(92) + '|')}` | {cell(words)} |" for term, words in entries]
    return [f"| {title} | |", "|---|---|", *rows, ""]


def write(program, names, depth):
    parts = parts_of(help_of(program, names))
    about, *usage = [line for line in parts[""] if line.strip()]
    out = [f"{'#' * depth} {' '.join(names)}", "", about[:1].upper() + about[1:] + ".", ""]
    out += ["```text", *(line.replace("Usage: ", "") for line in usage), "```", ""]
    for section, title in (("Positionals", "what"), ("Options", "option")):
        entries = [one for one in entries_of(parts.get(section, [])) if not one[0].startswith("-h,--help")]
        if entries:
            out += table(title, entries)
    example = [line.strip() for line in parts.get("Example", []) if line.strip()]
    if example:
        out += ["```sh", *example, "```", ""]
    print("\n".join(out))
    for _, name in commands_of(parts):
        write(program, [*names, name], depth + 1)


def main():
    program = sys.argv[1]
    parts = parts_of(help_of(program, []))
    print("# Commands\n\nEvery command takes `--help`, and what stands here is what it then says. "
          "These options stand before the command:\n")
    print("\n".join(table("option", [one for one in entries_of(parts["Options"])
                                     if not re.match(r"-h,|--version", one[0])])))
    codes = " ".join(" ".join(parts["Exit codes"]).partition("Each command")[0].split())
    codes = re.sub(r" (?=[1-4] )", "; ", codes)
    print(f"Exit codes: {codes}.\n")
    group = ""
    for section, name in commands_of(parts):
        if section != group:
            print(f"## {section}\n")
        group = section
        write(program, [name], 3)


main()
