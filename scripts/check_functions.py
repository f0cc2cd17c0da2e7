#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Functions are small and flat, lines are narrow.

At most 50 lines a function, 100 columns a line, three levels of nested blocks in a function (two is
what we aim for). `--stats` prints the median and the tenth longest, and what goes beyond the aims.
"""
import ast
import re
import sys

import lint

LINES_MAX = 50
WIDTH_MAX = 100
NESTING_MAX = 3
NESTING_AIM = 2
TEST_LINES_AIM = 15
SCOPE = re.compile(r"^\s*(?:inline\s+|export\s+)*(?:namespace|class|struct|union|enum|extern\s*\")")
LABEL = re.compile(r"^\s*(?:public|protected|private)\s*:(?!:)")
CONTROL = re.compile(r"^\s*(?:\}\s*)?(?:else\b|do\b|try\b|(?:if|for|while|switch|catch)\b)")
NESTED = re.compile(r"\([^()]*\)|<[^<>()]*>|\[\[[^\[\]]*\]\]")


class Block:
    """One brace: what it opens, where, how deep in control statements, and the code before it."""

    def __init__(self, kind, line, depth, head):
        self.kind, self.line, self.depth, self.head = kind, line, depth, head


class Function:
    def __init__(self, path, line, name):
        self.path, self.line, self.name = path, line, name
        self.lines = self.nesting = 0


def bare(head):
    """`head` without what stands in parentheses, angle brackets, attributes and labels."""
    while NESTED.search(head):
        head = NESTED.sub(" ", head)
    while LABEL.match(head):
        head = LABEL.sub("", head)
    return re.sub(r"^\s*template\b", "", head)


def kind_of(head, stack, current):
    """What the brace after `head` (the code since the last ; { or }) opens."""
    if current:
        return "control" if CONTROL.match(head) else "other"
    if stack and stack[-1].kind == "other":
        return "other"
    words = bare(head)
    if SCOPE.match(words):
        return "scope"
    open_parenthesis = head.count("(") > head.count(")")
    member = re.search(r"\)[^;]*:(?!:)", head) and re.search(r"[\w>]$", head)
    assigned = "=" in words.split("operator")[0]
    if "(" not in head or open_parenthesis or member or assigned:
        return "other"
    return "function"


def name_of(head):
    match = re.search(r"([\w:~]+|operator\S+)\s*\(([^(),]*(?:,[^(),]*)?)", head)
    if match and match[1].startswith("TEST"):
        return f"{match[1]}({match[2]})"
    return match[1] if match else "function"


def functions(source):
    """Every function of a file. Lambdas count as part of the function they stand in."""
    stack, head, found, current = [], "", [], None
    for number, line in code_lines(source):
        for letter in line:
            if letter == "{":
                current = open_block(source, stack, head, number, current, found)
                head = ""
            elif letter == "}":
                head, current = close_block(stack, number, current)
            elif letter == ";" and head.count("(") <= head.count(")"):
                head = ""
            else:
                head += letter
        head += " "
    return found


def code_lines(source):
    """The lines outside preprocessor directives, numbered."""
    directive = False
    for number, line in enumerate(source.code, 1):
        directive = directive or line.lstrip().startswith("#")
        if not directive:
            yield number, line
        directive = directive and line.rstrip().endswith("\\")


def open_block(source, stack, head, number, current, found):
    kind = kind_of(head, stack, current)
    depth = (stack[-1].depth if stack else 0) + (kind == "control")
    stack.append(Block(kind, number, depth, head))
    if kind == "function":
        current = Function(source.path, number, name_of(head))
        found.append(current)
    elif current:
        current.nesting = max(current.nesting, depth)
    return current


def close_block(stack, number, current):
    """What the code since the last ; is now, and the function we are still in."""
    block = stack.pop() if stack else Block("scope", number, 0, "")
    if block.kind == "function":
        current.lines = number - block.line + 1
        return "", None
    if block.kind == "other" and not current:
        return block.head + "()", current
    return "", current


def python_functions(path, text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            function = Function(path, node.lineno, node.name)
            function.lines = node.end_lineno - node.lineno + 1
            yield function


def all_functions(root):
    for source in lint.sources(root):
        yield from functions(source)
    for path in lint.files(root, suffixes=(".py",)):
        name = path.relative_to(root).as_posix()
        yield from python_functions(name, path.read_text(encoding="utf-8"))


def check_width(root):
    scripts = [path for path in (root / "run", root / ".ci" / "run") if path.exists()]
    for path in [*lint.files(root, suffixes=(*lint.CPP, ".py", ".sh")), *scripts]:
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            if len(line) > WIDTH_MAX:
                name = path.relative_to(root).as_posix()
                yield name, number, f"{len(line)} columns, at most {WIDTH_MAX}"


def findings(root):
    yield from check_width(root)
    for f in all_functions(root):
        if f.lines > LINES_MAX:
            yield f.path, f.line, f"{f.name} has {f.lines} lines, at most {LINES_MAX}"
        if f.nesting > NESTING_MAX:
            yield f.path, f.line, f"{f.name} nests {f.nesting} deep, at most {NESTING_MAX}"


def print_stats():
    found = [f for f in all_functions(lint.ROOT) if not f.path.endswith(".py")]
    lines = sorted(f.lines for f in found) or [0]
    print(f"{len(found)} functions, median {lines[len(lines) // 2]} lines, "
          f"nine in ten within {lines[len(lines) * 9 // 10]}, longest {lines[-1]}")
    for f in found:
        if f.nesting > NESTING_AIM:
            print(f"{f.path}:{f.line}: {f.name} nests {f.nesting} deep; aim for {NESTING_AIM}")
        if f.name.startswith("TEST") and f.lines > TEST_LINES_AIM + 2:
            print(f"{f.path}:{f.line}: {f.name} has {f.lines} lines; aim for {TEST_LINES_AIM}")


if __name__ == "__main__":
    if "--stats" in sys.argv[1:]:
        print_stats()
    else:
        lint.main(findings)
