"""Millgate as a Python wheel: a package that holds the program and starts it."""

import base64
import hashlib
import pathlib
import time
import zipfile

import carried
from carried import File

METADATA = """\
Metadata-Version: 2.4
Name: millgate
Version: {version}
Summary: From raw data and written requirements to a served, watched and explainable model, and back
License-Expression: Apache-2.0
License-File: LICENSE
Requires-Python: >=3.8
Description-Content-Type: text/markdown

"""
WHEEL = """\
Wheel-Version: 1.0
Generator: millgate {version}
Root-Is-Purelib: false
Tag: {tag}
"""


def wheel_name(files):
    major, minor = carried.glibc_needed(files)
    tag = f"py3-none-manylinux_{major}_{minor}_x86_64"
    return tag, f"millgate-{carried.version()}-{tag}.whl"


def write_wheel(path, files, bill, tag, epoch, level):
    version = carried.version()
    info = f"millgate-{version}.dist-info"
    module = pathlib.Path(__file__).parent / "wheel_module"
    readme = (carried.ROOT / "README.md").read_bytes()
    all_files = {f"millgate/{one.name}": File(one.read_bytes()) for one in module.glob("*.py")}
    all_files |= {f"millgate/program/{name}": file for name, file in files.items()}
    all_files |= {
        f"{info}/METADATA": File(METADATA.format(version=version).encode() + readme),
        f"{info}/WHEEL": File(WHEEL.format(version=version, tag=tag).encode()),
        f"{info}/entry_points.txt": File(b"[console_scripts]\nmillgate = millgate:main\n"),
        f"{info}/licenses/LICENSE": File((carried.ROOT / "LICENSE").read_bytes()),
        f"{info}/sboms/millgate.cdx.json": File(bill),
    }
    record = "".join(record_row(name, file) for name, file in sorted(all_files.items()))
    record += f"{info}/RECORD,,\n"
    # Last, as the specification asks for: who reads the archive from its end finds it at once.
    ordered = sorted(all_files.items(), key=lambda one: (one[0].startswith(info), one[0]))
    ordered.append((f"{info}/RECORD", File(record.encode())))
    # Zip knows no year before 1980.
    when = max(time.gmtime(epoch)[:6], (1980, 1, 1, 0, 0, 0))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, file in ordered:
            member = zipfile.ZipInfo(name, when)
            member.external_attr = (0o100000 | file.mode) << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            archive.writestr(member, file.content, compresslevel=level)


def record_row(name, file):
    digest = base64.urlsafe_b64encode(hashlib.sha256(file.content).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(file.content)}\n"
