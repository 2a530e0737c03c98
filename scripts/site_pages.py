"""Lays the pages of the site out: the repository's documents, and the reference that the program tells.

    site_pages.py PROGRAM FOLDER

Documents keep their places, so that links lead where they lead in the repository. A link that shows the
name of a file shows its title instead, and blocks that the tests do not run are blocks like others.
"""

import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ALONE = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "bench/README.md")


def title_of(path):
    match = re.search(r"^# (.+)$", path.read_text(), re.MULTILINE)
    return match[1] if match else path.stem


def with_titles(path):
    def titled(match):
        target = (path.parent / match[2].partition("#")[0]).resolve()
        return f"[{title_of(target)}]({match[2]})" if target.exists() else match[0]

    return re.sub(r"\[((?:[\w./-]+/)?[\w-]+\.md)\]\(([^)]+\.md(?:#[\w-]+)?)\)", titled, path.read_text())


def told_by(program, command, title, about):
    text = subprocess.run([program, command], capture_output=True, text=True, check=True).stdout
    return f"# {title}\n\n{about}, as `millgate {command}` lists it.\n\n```text\n{text}```\n"


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    pages = folder / "pages"
    shutil.copytree(ROOT / "docs", pages / "docs")
    for name in ALONE:
        (pages / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, pages / name)
    for path in pages.rglob("*.md"):
        path.write_text(with_titles(path).replace("\n```console no-run\n", "\n```console\n"))
    reference = pages / "reference"
    reference.mkdir()
    with open(reference / "commands.md", "w") as file:
        subprocess.run([sys.executable, str(ROOT / "scripts/command_reference.py"), program], stdout=file,
                       check=True)
    keys = subprocess.run([program, "settings", "--markdown"], capture_output=True, text=True, check=True)
    (reference / "project-file.md").write_text(
        f"# Keys of the project file\n\nAs `millgate settings SECTION` tells them.\n\n{keys.stdout}")
    (reference / "metrics.md").write_text(
        told_by(program, "metrics", "Metrics", "What requirements can be written about"))
    (reference / "functions.md").write_text(
        told_by(program, "functions", "Functions", "What features and labels can be written with"))


main()
