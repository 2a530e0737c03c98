"""A build backend that builds nothing: it tells pip the name and version and no more.

The environment variable MILLGATE_SDIST holds "name==version".
"""

import os
import pathlib


def _write_metadata(folder):
    name, version = os.environ["MILLGATE_SDIST"].split("==")
    info = pathlib.Path(folder) / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "WHEEL").write_text("Wheel-Version: 1.0\nGenerator: millgate\nRoot-Is-Purelib: true\n")
    return info.name


def get_requires_for_build_wheel(config_settings=None):
    return []


def get_requires_for_build_editable(config_settings=None):
    return []


def get_requires_for_build_sdist(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    return _write_metadata(metadata_directory)


def prepare_metadata_for_build_editable(metadata_directory, config_settings=None):
    return _write_metadata(metadata_directory)


def build_wheel(*arguments, **options):
    raise RuntimeError("this package is only downloaded, never built")


build_sdist = build_editable = build_wheel
