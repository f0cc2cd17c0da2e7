# SPDX-License-Identifier: Apache-2.0
"""Interleaved rounds, and what is kept of them.

The first two rounds try every mode of every peer; of those, the later rounds run only what came
near the best once. A measurement with another mood of the machine before or after it is made again.
"""
import statistics
import sys

import cell
import machine
import roster

SCOUTING_ROUNDS = 2
NEAR_BEST = 1.5
REPEATS_MAX = 1
TIMEOUTS_MAX = 3


class Samples:
    """All that was measured of one peer, case and mode."""

    def __init__(self):
        self.kept, self.moody, self.failures = [], [], []

    def middle(self, key):
        values = [one[key] for one in self.kept or self.moody]
        return statistics.median(values)

    def top(self, case):
        return case.best((one[case.metric] for one in self.kept or self.moody), float)

    def total(self, key):
        return sum(one[key] for one in self.kept + self.moody)

    def __bool__(self):
        return bool(self.kept or self.moody)


class Comparison:
    def __init__(self, programs, peers, seconds, progress=lambda text: None):
        self.programs, self.seconds, self.progress = programs, seconds, progress
        self.samples = {(peer, case, mode): Samples() for case in roster.CASES for peer in peers
                        if case in peer.cases for mode in peer.modes_of(case)}
        self.refused, self.timeouts, self.pings = {}, {}, []
        for peer in peers:
            if not (programs / peer.program).exists():
                self.refuse(peer, f"not built: is {peer.package} installed?")

    def refuse(self, peer, reason):
        self.refused.setdefault(peer, reason)

    def run(self, rounds):
        self.pings.append(self.ping())
        for number in range(rounds):
            for at, key in enumerate(list(self.samples)):
                self.progress(f"round {number + 1} of {rounds}: {at + 1} of {len(self.samples)}, "
                              f"{key[0].title}")
                if key[0] not in self.refused and self.worth_running(key, number):
                    self.run_cell(key)

    def worth_running(self, key, number):
        """In later rounds: this mode works, and was once near the best one of its peer."""
        if number < SCOUTING_ROUNDS:
            return True
        peer, case, mode = key
        tops = {each: self.samples[peer, case, each].top(case) for each in peer.modes_of(case)
                if self.samples[peer, case, each]}
        if mode not in tops:
            return False
        best = case.best(tops.values(), float)
        return max(tops[mode], best) <= NEAR_BEST * min(tops[mode], best)

    def ping(self):
        return machine.ping(self.programs / "peer_ping")

    def usual_ping(self):
        return statistics.median(self.pings)

    def run_cell(self, key):
        samples = self.samples[key]
        for _ in range(1 + REPEATS_MAX):
            found = self.try_cell(key)
            self.pings.append(self.ping())
            if found is None:
                return
            if all(machine.same_mood(ping, self.usual_ping()) for ping in self.pings[-2:]):
                return samples.kept.append(found)
        samples.moody.append(found)

    def try_cell(self, key):
        peer, case, mode = key
        try:
            return cell.measure(self.programs / peer.program, peer, case, mode, self.seconds,
                                machine.cpus())
        except cell.Failed as failure:
            self.samples[key].failures.append(str(failure))
            self.timeouts[peer] = self.timeouts.get(peer, 0) + isinstance(failure, cell.TimedOut)
            if self.timeouts[peer] >= TIMEOUTS_MAX:
                self.refuse(peer, f"{failure} {TIMEOUTS_MAX} times, given up")
            return None

    def best_mode(self, peer, case):
        """The mode with the best median; none if no mode has a result."""
        modes = [mode for mode in peer.modes_of(case) if self.samples[peer, case, mode]]
        return case.best(modes, lambda mode: self.samples[peer, case, mode].middle(case.metric)) \
            if modes else None


def failures(comparison, peer, case):
    """Why measurements of this failed, in whatever mode."""
    return [text for mode in peer.modes_of(case)
            for text in comparison.samples[peer, case, mode].failures]


def name(case):
    return {"table": case.table, "case": case.name, "kind": case.kind, "bytes": case.size,
            "cores": case.cores}


def figures(comparison, peer, case, mode):
    """One entry of the report."""
    samples = comparison.samples[peer, case, mode]
    found = {**name(case), "waiting": mode.waiting, "pinned": mode.pinned,
             "rounds": len(samples.kept), "rounds_in_another_mood": len(samples.moody),
             "failures": failures(comparison, peer, case)}
    found.update({fault: samples.total(fault) for fault in ("lost", "reordered", "changed")})
    if case.metric == "p50_ns":
        found.update(p50_ns=samples.middle("p50_ns"), p99_ns=samples.middle("p99_ns"))
    else:
        rate = samples.middle("msgs_per_s")
        found.update(msgs_per_s=rate, gb_per_s=rate * case.size / 1e9)
    return found


def failure(comparison, peer, case):
    reasons = failures(comparison, peer, case)
    reason = comparison.refused.get(peer) or (reasons[-1] if reasons else "not run")
    return {**name(case), "failure": reason}


def results_of(comparison, peer):
    for case in peer.cases:
        mode = comparison.best_mode(peer, case)
        yield (figures(comparison, peer, case, mode) if mode
               else failure(comparison, peer, case))


def say_progress(text):
    """Where somebody looks on."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()
