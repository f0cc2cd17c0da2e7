#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each folder includes only what the table in ARCHITECTURE.md lets it, and arrows point down.

A row of that table is `| level | folder | may include | holds |`. Folders under src/signet/ go by
their short name; `face` is src/signet/*.hpp together with src/signet/face/. What a folder may
include is a list of short names, `anything`, or `anything but` such a list.
"""
import re

import lint

ROW = re.compile(r"^\|\s*(\d+|–)\s*\|\s*`([^`]+)`[^|]*\|([^|]*)\|")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
MAP = "ARCHITECTURE.md"


class Folder:
    def __init__(self, line, level, allowed):
        self.line = line
        self.level = None if level == "–" else int(level)
        self.names = set(re.findall(r"`([^`]+)`", allowed))
        self.anything = "anything" in allowed

    def may_include(self, name):
        return self.anything != (name in self.names)


def short(folder):
    """`src/signet/os/` is `os`; `src/signet/*.hpp` is `face`; `apps/signet/` stays."""
    folder = folder.rstrip("/")
    if folder == "src/signet/*.hpp":
        return "face"
    return folder.removeprefix("src/signet/")


def read_map(root):
    path = root / MAP
    rows = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
    folders = {}
    for number, row in enumerate(rows, 1):
        match = ROW.match(row)
        if match:
            folders[short(match[2])] = Folder(number, match[1], match[3])
    return folders


def check_map(folders):
    """The table itself keeps the rule: only lower levels, or the folder one lies in."""
    if not folders:
        yield MAP, 1, "has no table of layers (| level | `folder` | may include | holds |)"
    for name, folder in folders.items():
        for other in sorted(folder.names):
            if other not in folders:
                yield MAP, folder.line, f"`{name}` names `{other}`, which has no row"
            elif not folder.anything and not points_down(name, folder, other, folders[other]):
                yield MAP, folder.line, f"`{name}` may not include `{other}`: not a lower level"


def points_down(name, folder, other, target):
    if folder.level is None:
        return True
    if name.startswith(other + "/"):
        return True
    return target.level is not None and target.level < folder.level


def folder_of(path, folders):
    """The short name of the folder a file belongs to: the longest row that holds it."""
    inside = path.removeprefix("src/signet/")
    if path.startswith("src/signet/") and "/" not in inside:
        return "face"
    parts = inside.split("/")[:-1]
    for count in range(len(parts), 0, -1):
        if "/".join(parts[:count]) in folders:
            return "/".join(parts[:count])
    return "/".join(parts)


def included_file(root, source, quote, target):
    """The included file as a path from the root, or None where it is not ours."""
    if target.startswith("signet/"):
        return "src/" + target
    beside = (root / source.path).parent / target
    if quote == '"' and beside.exists():
        return beside.resolve().relative_to(root).as_posix()
    return None


def includes(root, source):
    for number, line in enumerate(source.lines, 1):
        match = INCLUDE.match(line)
        if match and source.code[number - 1].strip():
            yield number, included_file(root, source, match[1], match[2]), match[2]


def complaint(source, name, target, folders):
    """Why `name` must not include `target`; empty where it may."""
    if target == name:
        return ""
    in_library = source.path.startswith("src/signet/") and name != "testing"
    if in_library and lint.is_test(source.path) and target in ("testing", "face"):
        return ""
    if in_library and target == "testing":
        return "the library never includes testing/"
    if folders[name].may_include(target):
        return ""
    return f"`{name}` may not include `{target}` ({MAP}, line {folders[name].line})"


def own_header(root, source):
    """The header a .cpp or test stands beside, as it is included; empty where there is none."""
    stem = re.sub(r"(_test)?\.cpp$", "", source.path)
    if not source.path.startswith("src/") or not (root / (stem + ".hpp")).exists():
        return ""
    return stem.removeprefix("src/") + ".hpp"


def check_source(root, source, folders):
    name = folder_of(source.path, folders)
    if name not in folders:
        yield source.path, 1, f"its folder `{name}` has no row in {MAP}"
        return
    first = True
    for number, path, text in includes(root, source):
        if first and source.path.endswith(".cpp") and text != (own_header(root, source) or text):
            yield source.path, number, f"include <{own_header(root, source)}> first"
        first = False
        target = folder_of(path, folders) if path else name
        reason = complaint(source, name, target, folders)
        if reason:
            yield source.path, number, reason


def findings(root):
    folders = read_map(root)
    yield from check_map(folders)
    for source in lint.sources(root, "src", "apps", "tests", "bench", "examples"):
        yield from check_source(root, source, folders)


if __name__ == "__main__":
    lint.main(findings)
