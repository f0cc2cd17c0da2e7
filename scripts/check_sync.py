#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every memory order names its partner.

* An acquire, release, acq_rel or seq_cst carries a comment `SYNC <label>` (or several of them) on
  one of the lines of its statement or in the comment directly above it.
* A label stands at both ends: at an acquiring and at a releasing operation. A seq_cst fence is
  both, and so is a call without an order of its own (such as a barrier of the kernel) that carries
  the label; those need two places.
* A relaxed operation says why nothing more is needed: in its statement, in the comment above it,
  which may also serve the relaxed statements that follow without a gap, or for a whole file in a
  comment that begins `Relaxed throughout this file`.
* A fence for the compiler only (atomic_signal_fence) has no partner; its reason is enough.
* An atomic operation spells its order; consume is not used.

memory/access.hpp, through which orders are passed on, is exempt; so are tests and models.
"""
import collections
import re

import lint

SHIM = "src/signet/memory/access.hpp"
ORDER = re.compile(
    r"(?:\b(?:memory_order_|memory_order::|order::"
    r"|(?:load|store|exchange|fetch_\w+?|compare_exchange\w*?|cas|fence|read|write)_)"
    r"|(?<=[(, ])(?=\w+\s*[,)]))"
    r"(relaxed|acquire|release|acq_rel|seq_cst|consume)\b")
OPERATION = re.compile(
    r"(?:\.|->)(load|store|exchange|fetch_\w+|compare_exchange_(?:weak|strong)|test_and_set)\s*\(")
FENCE = re.compile(r"\batomic_thread_fence\s*\(")
LABEL = re.compile(r"\bSYNC\s+([\w-]+)")
THROUGHOUT = re.compile(r"\bRelaxed throughout this file\b", re.IGNORECASE)
SIDES = {"acquire": {"acquire"}, "release": {"release"}, "acq_rel": {"acquire", "release"},
         "seq_cst": {"acquire", "release"}}

Place = collections.namedtuple("Place", "path line orders")


def starts_statement(code, index):
    """True where line `index` begins a statement: the code above it has come to an end."""
    above = code[index - 1].strip() if index else ""
    return not above or above[-1] in ";{}:" or above.startswith("#")


def statement(source, index):
    """First and last line of the statement that line `index` is part of."""
    first, last = index, index
    while not starts_statement(source.code, first):
        first -= 1
    while last + 1 < len(source.code) and not starts_statement(source.code, last + 1):
        last += 1
    return first, last


def comment_above(source, first):
    above = first - 1
    while above >= 0 and not source.code[above].strip() and source.comments[above].strip():
        above -= 1
    return " ".join(source.comments[above + 1:first]).replace("//", " ")


def comment_of(source, index):
    first, last = statement(source, index)
    inside = " ".join(source.comments[first:last + 1])
    return (comment_above(source, first) + " " + inside).strip()


def has_reason(source, index):
    """A comment of its own, or that of the relaxed statement directly above, and so on up."""
    while index >= 0:
        if re.search(r"\w", comment_of(source, index)):
            return True
        index = statement(source, index)[0] - 1
        if index < 0 or "relaxed" not in ORDER.findall(source.code[index]):
            return False
    return False


def check_orders(source, ends):
    excused = any(THROUGHOUT.search(comment) for comment in source.comments)
    for index, code in enumerate(source.code):
        orders = ORDER.findall(code)
        where = (source.path, index + 1)
        labels = LABEL.findall(comment_of(source, index)) if orders else []
        if "consume" in orders:
            yield *where, "consume is not used: spell acquire"
        if "relaxed" in orders and not excused and not has_reason(source, index):
            yield *where, "relaxed: say in a comment why nothing more is needed"
        if "atomic_signal_fence" in code:
            orders = [] if has_reason(source, index) else orders
        strong = [order for order in orders if order in SIDES]
        if strong and not labels:
            yield *where, f"{strong[0]}: name the partner in a comment, `SYNC <label>`"
        for label in labels if strong else []:
            ends[label].append(Place(source.path, index + 1, frozenset(strong)))


def note_calls(source, ends):
    """A labelled line of code without an order, such as a call of the asymmetric fence."""
    for index, comment in enumerate(source.comments):
        if not LABEL.search(comment):
            continue
        target = index
        while target < len(source.code) and not source.code[target].strip():
            target += 1
        first, last = statement(source, target) if target < len(source.code) else (target, target)
        if not any(ORDER.search(line) for line in source.code[first:last + 1]):
            for label in LABEL.findall(comment):
                ends[label].append(Place(source.path, index + 1, frozenset()))


def arguments(source, index, begin):
    """The text between the parentheses that open before column `begin` of line `index`."""
    text = source.code[index][begin:] + "\n" + "\n".join(source.code[index + 1:index + 8])
    depth = 1
    for position, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return text[:position]
    return text


def check_spelled(source):
    for index, code in enumerate(source.code):
        for match in [*OPERATION.finditer(code), *FENCE.finditer(code)]:
            if not re.search(r"order|ORDER", arguments(source, index, match.end())):
                yield source.path, index + 1, "spell the memory order of this operation"


def check_ends(ends):
    for label, places in ends.items():
        sides = set().union(*(SIDES[o] for place in places for o in place.orders))
        fences = {o for place in places for o in place.orders} <= {"seq_cst"}
        path, line, _ = places[0]
        if fences and len(places) < 2:
            yield path, line, f"SYNC {label} has one end only"
        elif sides != {"acquire", "release"}:
            missing = ({"acquire", "release"} - sides).pop()
            yield path, line, f"SYNC {label} has no {missing} end"


def findings(root):
    ends = collections.defaultdict(list)
    for source in lint.sources(root, "src", "apps", "bench"):
        if source.path == SHIM or lint.is_test(source.path) or lint.is_model(source.path):
            continue
        yield from check_orders(source, ends)
        yield from check_spelled(source)
        note_calls(source, ends)
    yield from check_ends(ends)


if __name__ == "__main__":
    lint.main(findings)
