# SPDX-License-Identifier: Apache-2.0
"""The report as text that is also Markdown: tables, and all one needs to judge them."""
import contests
import roster

UNITS_NS = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns"))
UNITS_RATE = ((1e6, "M/s"), (1e3, "k/s"), (1.0, "/s"))
QUIET_SHARE = 0.05


def three_digits(value):
    return f"{value:.0f}" if value >= 99.5 else f"{value:.1f}" if value >= 9.95 else f"{value:.2f}"


def with_unit(value, units):
    factor, unit = next((each for each in units if value >= each[0]), units[-1])
    return f"{three_digits(value / factor)} {unit}"


def duration(ns):
    return with_unit(ns, UNITS_NS)


def marks(found):
    """Letters for what is not the rule: polled for, and pinned. Tables of calls tell it above."""
    if found["kind"] in roster.CALLS:
        return ""
    letters = ("b" if found["waiting"] == "block" else "") + ("" if found["pinned"] else "f")
    return f" [{letters}]" if letters else ""


def text_of(found):
    if "failure" in found:
        return "–"
    if "p50_ns" in found:
        return f"{duration(found['p50_ns'])} ({duration(found['p99_ns'])}){marks(found)}"
    rate = with_unit(found["msgs_per_s"], UNITS_RATE)
    if found["kind"] == "pipeline":
        return rate
    return f"{rate}, {three_digits(found['gb_per_s'])} GB/s{marks(found)}"


def title_of(peer):
    return f"{peer['title']} {peer['version']}".strip()


def aligned(rows):
    """Rows of a Markdown table, the first of which is its head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["| " + " | ".join(text.ljust(width) for text, width in zip(row, widths)) + " |"
             for row in rows]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def table(report, heading):
    """Rows in the order of the roster; none where nobody did that work."""
    columns = [case.name for case in roster.TABLES[heading]]
    rows = [[heading, *columns]]
    for peer in report["peers"]:
        found = {one["case"]: one for one in peer["results"] if one["table"] == heading}
        if found:
            rows.append([title_of(peer), *(text_of(found[column]) for column in columns)])
    return [*aligned(rows), ""] if len(rows) > 1 else []


def ratios_text(ratios):
    """Those of one contest with one peer, in the order of the columns."""
    found = {one["case"]: three_digits(one["ratio"]) for one in ratios}
    return ", ".join(found.get(case.name, "–") for case in roster.EVERY_CALL[:3])


def ratios_table(report):
    others = list(dict.fromkeys(one["peer"] for one in report["ratios"]))
    rows = [["Signet ahead, times", *others, "wanted of each"]]
    for contest in contests.CONTESTS:
        ratios = [one for one in report["ratios"] if one["contest"] == contest.title]
        texts = [ratios_text(one for one in ratios if one["peer"] == peer) for peer in others]
        if ratios:
            rows.append([contest.title, *texts, f"{contest.wanted:g}"])
    return [*aligned(rows), ""] if len(rows) > 1 else []


def plural(count, noun):
    return f"{count} {noun}{'' if count == 1 else 's'}"


def machine_text(machine):
    kind = "virtual machine" if machine["virtual"] else "machine"
    return (f"{machine['cpu']}, {plural(machine['cpus'], 'cpu')}, {kind}, {machine['kernel']}; "
            f"pinned: to cpus {machine['pinned_to'][0]} and {machine['pinned_to'][1]}")


def conditions(report):
    run = report["run"]
    lines = [
        machine_text(report["machine"]),
        f"{run['when']}; medians of up to {plural(run['rounds'], 'round')}, interleaved, of "
        f"{run['seconds']:g} s; a cache line there and back: {run['ping_ns']:.0f} ns",
        "round trips and calls: p50 (p99); every byte written afresh and read, every message's "
        "number and every call's answer checked",
        "messages: each in its best way: polled for and pinned, but: [b] blocking waits, [f] not "
        "pinned",
        "calls: a number or 1 KiB of text there and back, one at a time, or 128 of a number under "
        "way; pinned. Signet ahead, times: int, 1 KiB, 128 under way",
        "where others block on two cpus, Signet's default looks for up to 50 us before it sleeps",
    ]
    if report["machine"]["cpus"] < 2:
        lines.append("ONE CPU: the two sides took turns; figures of polling mean nothing here")
    if run["others_share"] > QUIET_SHARE:
        lines.append(f"NOT QUIET: others used {run['others_share']:.0%} of the cpus; not for "
                     "publication")
    return lines


def remarks_on(one):
    """What one must know of one result: why there is none, or what went wrong."""
    if "failure" in one:
        yield f"no figure: {one['failure']}"
        return
    wrong = [f"{one[fault]} {fault}" for fault in ("lost", "reordered", "changed") if one[fault]]
    if wrong:
        yield f"messages {', '.join(wrong)}"
    if one["rounds"] == 0:
        yield "the machine was in another mood than usual in every round"
    if one["failures"]:
        yield f"{plural(len(one['failures']), 'measurement')} failed: {one['failures'][-1]}"


def remarks(report):
    """One for each remark on a peer, with all results it is made of."""
    for peer in report["peers"]:
        where = {}
        for one in peer["results"]:
            case = f"{one['table']}: {one['case']}"
            for remark in remarks_on(one):
                where.setdefault(remark, []).append(case)
        for remark, cases in where.items():
            all_of_it = len(cases) == len(peer["results"])
            yield f"{peer['title']}{'' if all_of_it else ', ' + ', '.join(cases)}: {remark}"


def missed(report):
    """Where Signet was to be further ahead than it is: a line for each contest."""
    for contest in contests.CONTESTS:
        short = [f"{one['peer']}, {one['case']} {three_digits(one['ratio'])}"
                 for one in report["ratios"]
                 if one["contest"] == contest.title and one["ratio"] < one["wanted"]]
        if short:
            yield f"MISSED: {contest.title}, wanted {contest.wanted:g}: {'; '.join(short)}"


def text(report):
    lines = [line for heading in roster.TABLES for line in table(report, heading)]
    lines += ratios_table(report)
    lines += [f"* {line}" for line in conditions(report)]
    lines += [f"* {line}" for line in remarks(report)]
    lines += [f"* {line}" for line in missed(report)]
    return "\n".join(lines)
