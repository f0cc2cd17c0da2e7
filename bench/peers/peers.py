#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Signet beside other libraries: the same work, in the same run, in interleaved rounds.

Prints tables, which are also Markdown, and what one must know to judge them. docs/bench.md tells
how it is done. Run it on a quiet machine; without options it takes seven minutes.
"""
import argparse
import contextlib
import datetime
import json
import pathlib
import signal
import subprocess
import sys

import cell
import chart
import contests
import machine
import report
import roster
import rounds

EXAMPLE = """example:
  ./run bench peers                                   all peers, the whole table
  ./run bench peers --only signet --only iceoryx      these two
  ./run bench peers --work calls                      remote calls, no messages
  ./run bench peers --svg docs/peers.svg --json peers.json
"""


def positive(convert):
    def parse(text):
        value = convert(text)
        if not value > 0:
            raise argparse.ArgumentTypeError(f"{text} is not above zero")
        return value
    return parse


def options(arguments):
    parser = argparse.ArgumentParser(prog="./run bench peers", description=__doc__.split("\n")[0],
                                     epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=positive(float), default=0.2,
                        help="length of one measurement (%(default)s)")
    parser.add_argument("--rounds", type=positive(int), default=7,
                        help="how often each is made; the median counts (%(default)s)")
    parser.add_argument("--only", action="append", metavar="PEER",
                        choices=[peer.key for peer in roster.PEERS],
                        help="one of %(choices)s; may be given several times")
    parser.add_argument("--work", choices=("messages", "calls"), help="only peers of that work")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--svg", type=pathlib.Path, metavar="FILE", help="write a drawing there")
    parser.add_argument("--programs", type=pathlib.Path, metavar="DIR",
                        default=pathlib.Path("build/peers/bench/peers"),
                        help="where the programs were built (%(default)s)")
    return parser.parse_args(arguments)


def version_of(program):
    """As the headers say that the program was built with; empty if there is no program."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        said = subprocess.run([str(program)], capture_output=True, text=True, timeout=10)
        return said.stdout.strip()
    return ""


@contextlib.contextmanager
def daemon_for(comparison, peers):
    """The daemon of iceoryx while the block runs, if a peer needs it and it can be started."""
    needing = [peer for peer in peers if peer.needs_roudi and peer not in comparison.refused]
    with contextlib.ExitStack() as stack:
        try:
            if needing:
                stack.enter_context(cell.Roudi())
        except (cell.Failed, OSError) as failure:
            for peer in needing:
                comparison.refuse(peer, str(failure))
        yield


def chosen_peers(chosen):
    return [peer for peer in roster.PEERS if (not chosen.only or peer.key in chosen.only)
            and chosen.work in (None, peer.work)]


def compare(chosen, peers):
    """The whole run, as the object that --json writes."""
    watch = machine.Watch()
    comparison = rounds.Comparison(chosen.programs, peers, chosen.seconds, rounds.say_progress)
    with daemon_for(comparison, peers):
        comparison.run(chosen.rounds)
    rounds.say_progress("")
    results = [{"key": peer.key, "title": peer.title,
                "version": version_of(chosen.programs / peer.program),
                "results": list(rounds.results_of(comparison, peer))} for peer in peers]
    return {
        "machine": machine.description(),
        "run": {"when": datetime.date.today().isoformat(), "seconds": chosen.seconds,
                "rounds": chosen.rounds, "ping_ns": comparison.usual_ping(),
                "ping_ns_min": min(comparison.pings), "ping_ns_max": max(comparison.pings),
                "others_share": watch.others_share()},
        "peers": results,
        "ratios": contests.ratios(results),
    }


def has_figures(found):
    """Whether every peer gave every figure, and no message was lost."""
    return all("failure" not in one and not one["lost"] + one["reordered"] + one["changed"]
               for peer in found["peers"] for one in peer["results"])


SIGNALS = (signal.SIGINT, signal.SIGTERM)


def interrupt(*_):
    """Ends the run in good order; what comes now is left to finish."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def main(arguments):
    chosen = options(arguments)
    peers = chosen_peers(chosen)
    for each in SIGNALS:
        signal.signal(each, interrupt)
    if not (chosen.programs / "peer_ping").exists():
        sys.exit(f"peers: nothing built in {chosen.programs}: use ./run bench peers")
    cell.remove_leftovers()
    try:
        found = compare(chosen, peers)
    except KeyboardInterrupt:
        sys.exit("\npeers: interrupted, nothing left behind")
    finally:
        cell.remove_leftovers(own_too=True)
    print(report.text(found))
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if chosen.svg:
        chosen.svg.write_text(chart.svg(found), encoding="utf-8")
    return 0 if has_figures(found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
