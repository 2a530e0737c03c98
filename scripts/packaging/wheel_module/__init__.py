"""Millgate: everything around the model. The package holds the program; PROGRAM is its path."""

import os
import sys

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "program", "millgate")


def main():
    """Becomes the program: signals and exit codes are its own."""
    os.execv(PROGRAM, [PROGRAM, *sys.argv[1:]])
