"""Millgate as a Debian package: the system's own libraries are needed, not carried."""

import gzip
import hashlib
import os
import re
import time

import carried
from carried import File

CONTROL = """\
Package: millgate
Version: {version}
Architecture: amd64
Maintainer: {maintainer}
Installed-Size: {kilobytes}
Depends: {depends}
Recommends: ca-certificates, libpq5
Suggests: git
Section: science
Priority: optional
Description: everything around a machine learning model, as one program
 From raw data and written requirements to a served, watched and explainable
 model, and back: versions of data with diff and merge, features that are the
 same in training and serving, a gate that nothing passes without evidence,
 a prediction server, drift and quality of what was served, roll back.
"""
COPYRIGHT = """\
Copyright: the authors of Millgate. Licensed under the Apache License, version
2.0, whose text is in /usr/share/common-licenses/Apache-2.0.

/usr/lib/millgate/lib holds libraries of others (Apache Arrow, DuckDB,
LightGBM, ONNX Runtime). Their licences, and those of what is compiled into the
program, are in /usr/share/millgate/licences, and all of them are named in
/usr/share/doc/millgate/sbom.cdx.json.
"""
CHANGES = """\
millgate ({version}) unstable; urgency=medium

  * What a user notices is in CHANGELOG.md.gz.

 -- {maintainer}  {date}
"""


def write_deb(path, files, bill, epoch, level, work, maintainer):
    root = work / "debian-root"
    placed = {}
    for name, file in files.items():
        shared = name.startswith("share/")
        placed[f"usr/{name}" if shared else f"usr/lib/millgate/{name}"] = file
    date = time.strftime("%a, %d %b %Y %T +0000", time.gmtime(epoch))
    changes = CHANGES.format(version=carried.version(), maintainer=maintainer, date=date).encode()
    about = "usr/share/doc/millgate"
    placed[f"{about}/changelog.gz"] = packed_text(changes)
    placed[f"{about}/CHANGELOG.md.gz"] = packed_text((carried.ROOT / "CHANGELOG.md").read_bytes())
    placed[f"{about}/copyright"] = File(COPYRIGHT.encode())
    placed[f"{about}/sbom.cdx.json"] = File(bill)
    sums = "".join(
        f"{hashlib.md5(one.content).hexdigest()}  {name}\n" for name, one in sorted(placed.items()))
    for name, file in placed.items():
        write(root / name, file)
    (root / "usr/bin").mkdir(mode=0o755)
    (root / "usr/bin/millgate").symlink_to("../lib/millgate/millgate")
    (root / "usr/lib/millgate/share").symlink_to("../../share")
    control = CONTROL.format(
        version=carried.version(),
        maintainer=maintainer,
        kilobytes=sum(len(one.content) + 1023 for one in placed.values()) // 1024,
        depends=depends(root, work),
    )
    write(root / "DEBIAN/control", File(control.encode()))
    write(root / "DEBIAN/md5sums", File(sums.encode()))
    # Two threads always: with one the bytes are others.
    packed = ["-Zxz", f"-z{level}", "--threads-max=2"] if level else ["-Znone"]
    carried.ask("dpkg-deb", "--root-owner-group", *packed, "--build", root, path,
                env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch)})


def packed_text(content):
    return File(gzip.compress(content, 9, mtime=0))


def write(path, file):
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    path.write_bytes(file.content)
    path.chmod(file.mode)


def depends(root, work):
    """What dpkg-shlibdeps finds, and what it cannot: libcurl is loaded later, time zones are files."""
    # It reads which package it works for from the sources, of which it wants to see this much.
    write(work / "debian/control", File(b"Source: millgate\n\nPackage: millgate\nArchitecture: amd64\n"))
    folder = root / "usr/lib/millgate"
    found = carried.ask("dpkg-shlibdeps", "-O", "--ignore-missing-info", f"-l{folder}/lib",
                        folder / "millgate", *sorted((folder / "lib").iterdir()), cwd=work)
    return re.search(r"shlibs:Depends=(.*)", found)[1] + ", libcurl4, tzdata"
