#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The library never prints: only apps/ writes to the terminal."""
import re

import lint

HEADER = re.compile(r"^\s*#\s*include\s*<(iostream|print|syslog\.h|fmt/[^>]*)>")
CALL = re.compile(
    r"(?<![\w.>])(?:std::|::)?(printf|fprintf|vprintf|dprintf|puts|fputs|putchar|perror|syslog)"
    r"\s*\(|\b(?:fmt|std)::(print|println|vprint)\s*\(")
STREAM = re.compile(r"\b(?:std::)?(cout|cerr|clog)\b")


def findings(root):
    for source in lint.sources(root, "src/signet"):
        if not lint.is_library(source.path):
            continue
        for number, (raw, code) in enumerate(zip(source.lines, source.code), 1):
            header = HEADER.match(raw)
            call = CALL.search(code)
            stream = STREAM.search(code)
            if header and code.strip():
                yield source.path, number, f"<{header[1]}>: only apps/ prints"
            if call:
                yield source.path, number, f"{call[1] or call[2]}: only apps/ prints"
            if stream:
                yield source.path, number, f"{stream[1]}: only apps/ prints"


if __name__ == "__main__":
    lint.main(findings)
