# SPDX-License-Identifier: Apache-2.0
"""The report as a drawing (SVG): a panel of bars for each metric and size, on a logarithmic axis.

It brings its own ground, light or dark as the reader prefers, and depends on nothing.
"""
import html
import math

import contests
import report as reports
import roster

PANEL_WIDTH, GAP, MARGIN = 430, 30, 24
NAME_WIDTH, VALUE_WIDTH = 150, 62
ROW, BAR, HEAD, TOP, TITLE = 20, 13, 30, 56, 22
LARGE = 1 << 20  # from here on a stream is told in bytes, not in messages
STYLE = """
.ground { fill: #ffffff } text { fill: #24292f; font: 12px system-ui, sans-serif }
.tick { font-size: 10px } .tick, .faint { fill: #57606a }
.title { font-size: 16px; font-weight: 600 } .head { font-weight: 600 }
.own { fill: #0f7b6c } .other { fill: #a8b1bb } .tail { stroke: #57606a } .grid { stroke: #d8dee4 }
@media (prefers-color-scheme: dark) {
.ground { fill: #0d1117 } text { fill: #e6edf3 } .tick, .faint { fill: #9198a1 }
.own { fill: #35c2ab } .other { fill: #4b5563 }
.tail { stroke: #9198a1 } .grid { stroke: #2a313a } }
"""
TITLES = {"round trip": "round trip, p50 with p99 (shorter is better)",
          "stream, one way": "one-way stream (longer is better)",
          roster.ONE_CORE: "calls on one core, blocking: p50, p99; rate",
          roster.BLOCKING: "calls on two cores, blocking: p50, p99; rate",
          roster.POLLED: "calls on two cores, polling: p50, p99; rate"}
BESIDE = 2  # columns of panels


def element(name, content=None, **attributes):
    fields = "".join(f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"'
                     for key, value in attributes.items())
    return f"<{name}{fields}/>" if content is None else f"<{name}{fields}>{content}</{name}>"


def label(x, y, words, class_="", anchor="start"):
    return element("text", html.escape(words), x=f"{x:.1f}", y=f"{y:.1f}", class_=class_,
                   text_anchor=anchor)


class Axis:
    """A logarithmic scale from a power of ten to a power of ten."""

    def __init__(self, values, x, width):
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)
        self.x, self.width = x, width

    def at(self, value):
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.x + share * self.width

    def decades(self):
        return [10.0 ** power for power in range(self.low, self.high + 1)]


def metric_of(case):
    return "gb_per_s" if case.metric == "msgs_per_s" and case.size >= LARGE else case.metric


def value_text(metric, value):
    if metric == "gb_per_s":
        return f"{reports.three_digits(value)} GB/s"
    return reports.with_unit(value, {"p50_ns": reports.UNITS_NS,
                                     "msgs_per_s": reports.UNITS_RATE}[metric])


def tick_text(metric, value):
    """The value of a decade, which needs no decimals that are zero."""
    number, unit = value_text(metric, value).split(" ")
    return f"{float(number):g} {unit}"


def results(report, case):
    """Pairs of peer and result, best first, those without a figure last."""
    metric, sign = metric_of(case), 1 if case.metric == "p50_ns" else -1
    pairs = [(peer, one) for peer in report["peers"] for one in peer["results"]
             if one["table"] == case.table and one["case"] == case.name]
    return sorted(pairs, key=lambda pair: sign * pair[1].get(metric, sign * math.inf))


def bar(axis, metric, peer, found, y):
    name = label(axis.x - 6, y + BAR - 2, peer["title"].split(" (")[0], anchor="end")
    if "failure" in found:
        return [name, label(axis.x + 6, y + BAR - 2, "no figure", "faint")]
    end = axis.at(found[metric])
    kind = "own" if contests.is_own(peer) else "other"
    parts = [name, element("rect", x=f"{axis.x:.1f}", y=y, width=f"{max(end - axis.x, 1):.1f}",
                           height=BAR, rx=2, class_=kind)]
    tail = axis.at(found["p99_ns"]) if "p99_ns" in found else end
    if tail > end:
        parts.append(element("line", x1=f"{end:.1f}", x2=f"{tail:.1f}", y1=y + BAR / 2,
                             y2=y + BAR / 2, class_="tail"))
    words = value_text(metric, found[metric]) + reports.marks(found)
    return [*parts, label(max(end, tail) + 5, y + BAR - 2, words, "faint")]


def grid(axis, metric, top, bottom):
    for value in axis.decades():
        x = f"{axis.at(value):.1f}"
        yield element("line", x1=x, x2=x, y1=top, y2=bottom, class_="grid")
        yield label(axis.at(value), top - 3, tick_text(metric, value), "tick", "middle")


def panel(report, case, x, y):
    metric, found = metric_of(case), results(report, case)
    values = [one[key] for _, one in found for key in (metric, "p99_ns") if key in one] or [1.0]
    axis = Axis(values, x + NAME_WIDTH, PANEL_WIDTH - NAME_WIDTH - VALUE_WIDTH)
    top = y + HEAD - 8
    parts = [label(x, y + 19, case.name, "head"), *grid(axis, metric, top, top + ROW * len(found))]
    for row, (peer, one) in enumerate(found):
        parts += bar(axis, metric, peer, one, top + ROW * row + 4)
    return parts


def panel_height(report, case):
    return HEAD + ROW * len(results(report, case)) + 12


def column(report, table, x, y):
    """The panels of a table below its title, and where they end."""
    parts, at = [label(x, y, TITLES[table], "title")], y + TITLE
    for case in roster.TABLES[table]:
        parts += panel(report, case, x, at)
        at += panel_height(report, case)
    return parts, at


def columns(report):
    """All panels, and where they end."""
    tables = [table for table, cases in roster.TABLES.items() if results(report, cases[0])]
    parts, bottom = [], 0
    for first in range(0, len(tables), BESIDE):
        top = bottom + TOP - TITLE
        for at, table in enumerate(tables[first:first + BESIDE]):
            made, end = column(report, table, MARGIN + at * (PANEL_WIDTH + GAP), top)
            parts, bottom = parts + made, max(bottom, end)
    return parts, bottom


def footer(report, y):
    run = report["run"]
    words = ("logarithmic: each line of the grid is a factor of ten; messages: [b] blocking waits, "
             "[f] not pinned, all others polled and pinned")
    if run["others_share"] > reports.QUIET_SHARE:
        words += "; NOT QUIET: others were at work"
    return [label(MARGIN, y, words, "faint"),
            label(MARGIN, y + 17, reports.machine_text(report["machine"]) + f"; {run['when']}",
                  "faint")]


def svg(report):
    panels, bottom = columns(report)
    width, height = 2 * MARGIN + BESIDE * PANEL_WIDTH + GAP, bottom + 48
    parts = [element("style", STYLE), element("rect", width=width, height=height, class_="ground"),
             *panels, *footer(report, bottom + 16)]
    return element("svg", "\n".join(parts), xmlns="http://www.w3.org/2000/svg", role="img",
                   viewBox=f"0 0 {width} {height}", width=width, height=height) + "\n"
