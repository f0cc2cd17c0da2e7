# SPDX-License-Identifier: Apache-2.0
"""What the lints share: finding source files, telling code from comments, reporting.

A lint is a script with one function `findings(root)` that yields (path, line, message). It prints
nothing when all is well; otherwise one `file:line: message` per finding, and exits with 1.
"""
import pathlib
import re
import signal
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CPP = (".hpp", ".cpp")
LEXEME = re.compile(
    r"""(?P<line>//[^\n]*(?:\\\n[^\n]*)*)
      | (?P<block>/\*.*?(?:\*/|\Z))
      | (?P<raw>R"(?P<mark>[^()\\\s"]*)\(.*?(?:\)(?P=mark)"|\Z))
      | (?P<text>"(?:\\.|[^"\\\n])*"?)
      | (?P<number>\b\d(?:'?\w)*)
      | (?P<char>'(?:\\.|[^'\\\n])*'?)""",
    re.VERBOSE | re.DOTALL)


class Source:
    """One C++ file: `lines` as written, `code` without comments and literals, `comments` alone."""

    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8", errors="replace")
        self.lines = text.split("\n")
        self.code = LEXEME.sub(_without_comment, text).split("\n")
        self.comments = _comments_only(text).split("\n")


def _without_comment(match):
    if match["number"]:
        return match[0]
    blank = re.sub(r"[^\n]", " ", match[0])
    return '"' + blank[1:-1] + '"' if match["text"] and len(blank) > 1 else blank


def _comments_only(text):
    pieces, end = [], 0
    for match in LEXEME.finditer(text):
        pieces.append(re.sub(r"[^\n]", " ", text[end:match.start()]))
        kept = match["line"] or match["block"]
        pieces.append(kept if kept else re.sub(r"[^\n]", " ", match[0]))
        end = match.end()
    pieces.append(re.sub(r"[^\n]", " ", text[end:]))
    return "".join(pieces)


def files(root, *folders, suffixes=CPP):
    """All files with these suffixes under `folders` (the whole tree if none), in a fixed order."""
    for start in [root / folder for folder in folders] or [root]:
        for path in sorted(start.rglob("*")):
            parts = path.relative_to(root).parts
            hidden = any(p.startswith("build") or p == ".git" for p in parts[:-1])
            if path.is_file() and not hidden and path.suffix in suffixes:
                yield path


def sources(root, *folders):
    """All C++ files under `folders`, read and taken apart."""
    return (Source(root, path) for path in files(root, *folders))


def is_test(path):
    return path.endswith("_test.cpp")


def is_model(path):
    return "/models/" in path


def is_library(path):
    """True for code that ships in the library: no test, no model, no tool of the tests."""
    return (path.startswith("src/signet/") and not is_test(path) and not is_model(path)
            and not path.startswith("src/signet/testing/"))


def main(findings):
    """Runs `findings` over the root given as the first argument, or over this tree."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    root = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT
    found = sorted(set(findings(root)))
    for path, line, message in found:
        print(f"{path}:{line}: {message}")
    sys.exit(1 if found else 0)
