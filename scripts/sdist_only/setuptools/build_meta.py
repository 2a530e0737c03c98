"""What pip asks for when a source package names no backend."""

from scikit_build_core import build as __legacy__  # noqa: F401
