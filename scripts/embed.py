"""A file as a C++ source file: its bytes in base64 as a text of the namespace millgate.

    embed.py FILE NAME SOURCE
"""

import base64
import pathlib
import sys

WIDTH = 96


def main():
    file, name, source = sys.argv[1:]
    text = base64.b64encode(pathlib.Path(file).read_bytes()).decode()
    lines = [f'    "{text[at:at + WIDTH]}"' for at in range(0, len(text), WIDTH)]
    pathlib.Path(source).write_text(
        "#include <string_view>\n\nnamespace millgate {\nextern const std::string_view "
        f"{name};\nconst std::string_view {name} =\n" + "\n".join(lines) + ";\n}  // namespace millgate\n")


if __name__ == "__main__":
    main()
