#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the documentation shows is what the tests compile and run.

Each block of C++ in README.md and these pages of docs/ stands, line by line, in a
file of examples/.
"""
import re

import lint

PAGES = ("README.md", "docs/channels.md", "docs/mechanisms.md", "docs/queues.md",
         "docs/services.md", "docs/sync.md")
BLOCK = re.compile(r"^```cpp\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def without_indent(text):
    lines = [line.rstrip() for line in text.strip("\n").split("\n")]
    indents = [len(line) - len(line.lstrip()) for line in lines if line]
    return "\n".join(line[min(indents, default=0):] for line in lines)


def windows(text, count):
    """All runs of `count` lines of `text`, each without its indent."""
    lines = text.split("\n")
    for first in range(len(lines) - count + 1):
        yield without_indent("\n".join(lines[first:first + count]))


def stands_in(block, text):
    wanted = without_indent(block)
    return any(run == wanted for run in windows(text, wanted.count("\n") + 1))


def findings(root):
    examples = [path.read_text(encoding="utf-8")
                for path in lint.files(root, "examples", suffixes=(".cpp",))]
    for page in PAGES:
        path = root / page
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        for block in BLOCK.finditer(text):
            if not any(stands_in(block[1], example) for example in examples):
                line = text.count("\n", 0, block.start()) + 1
                yield page, line, "this code stands in no file of examples/"


if __name__ == "__main__":
    lint.main(findings)
