#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What every file says and does not say.

Sources begin with the licence line (scripts: after `#!`), headers have `#pragma once`, the face has
at most 20 headers; nothing is left to be done later, and nobody's own directories are named.
"""
import re

import lint

SOURCES = (".hpp", ".cpp", ".py", ".sh", ".pml")
TEXTS = (*SOURCES, ".md", ".txt", ".cmake", ".json", ".in", ".yml")
SCRIPTS = ("run", ".ci/run")
FACE_HEADERS_MAX = 20
LICENCE = "SPDX-License-Identifier: Apache-2.0"
LATER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
OWN_DIRECTORY = re.compile(r"(?<![\w.$}>*-])/(ho" r"me|ro" r"ot|wo" r"rk|Us" r"ers)/[\w.-]")


def read(path):
    return path.read_text(encoding="utf-8", errors="replace").split("\n")


def check_licence(name, lines):
    first = 1 if lines[0].startswith("#!") else 0
    if LICENCE not in "".join(lines[first:first + 1]):
        yield name, first + 1, f"begin with `{LICENCE}`"


def check_pragma(name, lines):
    if "#pragma once" not in lines:
        yield name, 1, "a header has `#pragma once`"


def check_text(name, lines):
    for number, line in enumerate(lines, 1):
        later = LATER.search(line)
        own = OWN_DIRECTORY.search(line)
        if later:
            yield name, number, f"{later[1]}: do it, or say why it is as it is"
        if own:
            yield name, number, f"/{own[1]}/…: a path of one machine"


def check_face(root):
    headers = sorted((root / "src" / "signet").glob("*.hpp"))
    if len(headers) > FACE_HEADERS_MAX:
        name = headers[FACE_HEADERS_MAX].relative_to(root).as_posix()
        yield name, 1, f"the face has {len(headers)} headers, at most {FACE_HEADERS_MAX}"


def findings(root):
    scripts = [root / name for name in SCRIPTS if (root / name).exists()]
    for path in [*lint.files(root, suffixes=TEXTS), *scripts]:
        name = path.relative_to(root).as_posix()
        lines = read(path)
        if path.suffix in SOURCES or path in scripts:
            yield from check_licence(name, lines)
        if path.suffix == ".hpp":
            yield from check_pragma(name, lines)
        yield from check_text(name, lines)
    yield from check_face(root)


if __name__ == "__main__":
    lint.main(findings)
