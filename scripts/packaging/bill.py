"""The bill of materials of Millgate's own packages: CycloneDX 1.6."""

import hashlib
import json
import time
import urllib.parse
import uuid

import carried


def bill_of_materials(files, epoch):
    """JSON of what `files` holds. Same files, same bytes."""
    libraries = {name: file for name, file in files.items() if name.startswith("lib/")}
    sources = Sources()
    components = [library(sources, name, file) for name, file in sorted(libraries.items())]
    components += [compiled_in(sources, one) for one in carried.COMPILED_IN]
    program = {
        "type": "application",
        "bom-ref": "millgate",
        "name": "millgate",
        "version": carried.version(),
        "hashes": hashes(files["millgate"].content),
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }
    digest = hashlib.sha256(json.dumps([program, components]).encode()).digest()
    bill = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid_of(digest)}",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%FT%TZ", time.gmtime(epoch)),
            "component": program,
        },
        "components": components,
        "dependencies": [{"ref": "millgate", "dependsOn": [one["bom-ref"] for one in components]}],
    }
    return (json.dumps(bill, indent=2) + "\n").encode()


def uuid_of(digest):
    """Of the form that RFC 9562 leaves to applications (version 8)."""
    number = int.from_bytes(digest[:16], "big")
    number = number & ~(0xF << 76 | 0x3 << 62) | 0x8 << 76 | 0x2 << 62
    return uuid.UUID(int=number)


def hashes(content):
    return [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}]


def licences(known):
    if " " in known.licence:
        return [{"expression": known.licence}]
    return [{"license": {"id": known.licence}}]


def library(sources, name, file):
    known = carried.known_library(name.removeprefix("lib/"))
    return {
        "type": "library",
        "bom-ref": name,
        "name": name.removeprefix("lib/"),
        **sources.origin(known.package),
        "hashes": hashes(file.content),
        "licenses": licences(known),
    }


def compiled_in(sources, known):
    return {
        "type": "library",
        "bom-ref": f"compiled-in/{known.name}",
        "name": known.name,
        **sources.origin(known.package),
        "licenses": licences(known),
    }


class Sources:
    """Which version of which package something came from: of scripts/pins, else Debian's."""

    # The package of scripts/pins whose file is carried.
    PINNED = {
        "arrow": "pyarrow",
        "duckdb": "@duckdb/node-bindings-linux-x64",
        "lightgbm": "lightgbm",
        "onnxruntime": "onnxruntime",
        "hiredis": "hiredis",
    }

    def __init__(self):
        rows = (carried.ROOT / "scripts/pins").read_text().splitlines()
        self.pins = {}
        for row in rows:
            if row.startswith("#"):
                continue
            kind, package = row.split()[:2]
            name, number = package.split("==")
            self.pins.setdefault(name, (kind, number))
        self.debian = {}

    def origin(self, package):
        if package in self.PINNED:
            name = self.PINNED[package]
            kind, number = self.pins[name]
            kind = "npm" if kind == "npm" else "pypi"
            return {"version": number, "purl": f"pkg:{kind}/{urllib.parse.quote(name)}@{number}"}
        if package not in self.debian:
            shown = carried.ask("dpkg-query", "-W", "-f=${Version} ${Architecture}\n", package)
            self.debian[package] = shown.splitlines()[0].split()
        number, architecture = self.debian[package]
        quoted = urllib.parse.quote(number, safe="")
        package = urllib.parse.quote(package)
        return {
            "version": number,
            "purl": f"pkg:deb/debian/{package}@{quoted}?arch={architecture}&distro=debian-12",
        }
