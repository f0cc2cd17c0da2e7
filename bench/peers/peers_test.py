#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The report and the drawing from figures that were made up, and the rounds without programs."""
import pathlib
import sys
import tempfile
import unittest
import xml.etree.ElementTree

import cell
import chart
import contests
import machine
import report
import roster
import rounds

SVG = "{http://www.w3.org/2000/svg}"


def result(case, **more):
    return {**rounds.name(case), "waiting": "poll", "pinned": True, "rounds": 3,
            "rounds_in_another_mood": 0, "failures": [], "lost": 0, "reordered": 0,
            "changed": 0, **more}


def round_trip(case, p50, p99, **more):
    return result(case, p50_ns=p50, p99_ns=p99, **more)


def rate(case, per_second, **more):
    return result(case, msgs_per_s=per_second, gb_per_s=per_second * case.size / 1e9, **more)


def results(factor, **more):
    """Of messages; what is in `more`, of the first one."""
    trips, streams = roster.MESSAGES[:3], roster.MESSAGES[3:]
    times, rates = ((300, 500), (600, 900), (9e4, 2e5)), (1e8, 1.5e7, 2e4)
    found = [round_trip(case, p50 * factor, p99 * factor) for case, (p50, p99) in zip(trips, times)]
    found[0].update(more)
    return found + [rate(case, most / factor) for case, most in zip(streams, rates)]


def calls(factor, cases=roster.EVERY_CALL):
    return [rate(case, 4e5 / factor) if case.kind == "pipeline"
            else round_trip(case, 1e4 * factor, 2e4 * factor) for case in cases]


def canned(**more):
    failing = [{**rounds.name(case), "failure": "not built"} for case in roster.MESSAGES]
    peers = [{"key": "slow", "title": "Slow", "version": "1.2", "results":
              results(10, waiting="block", pinned=False, lost=3)},
             {"key": "signet", "title": "Signet", "version": "0.1", "results": results(1)},
             {"key": "gone", "title": "Gone", "version": "", "results": failing},
             {"key": "signet_unix", "title": "Signet unix://", "version": "0.1",
              "results": calls(1)},
             {"key": "signet_shm", "title": "Signet shm://", "version": "0.1",
              "results": calls(0.2, roster.POLLED_CALLS)},
             {"key": "caller", "title": "Caller", "version": "", "results": calls(3)}]
    return {"machine": {"cpu": "Some <Processor>", "cpus": 2, "virtual": True,
                        "kernel": "Linux 6.1", "pinned_to": [0, 1]},
            "run": {"when": "2026-01-02", "seconds": 0.25, "rounds": 7, "ping_ns": 101.4,
                    "ping_ns_min": 99, "ping_ns_max": 120, "others_share": 0.01, **more},
            "peers": peers, "ratios": contests.ratios(peers)}


class Report(unittest.TestCase):
    def test_a_row_says_what_was_measured_and_how(self):
        row = next(line for line in report.text(canned()).split("\n") if "Slow 1.2" in line)
        self.assertIn("3.00 µs (5.00 µs) [bf]", row)

    def test_a_stream_is_told_in_messages_and_bytes(self):
        self.assertIn("20.0 k/s, 21.0 GB/s", report.text(canned()))

    def test_tables_are_markdown_of_one_width(self):
        lines = [line for line in report.table(canned(), "stream, one way") if line]
        self.assertEqual(len({len(line) for line in lines}), 1)
        self.assertRegex(lines[1], r"^\|(-+\|){4}$")

    def test_a_peer_without_figures_is_a_row_and_a_reason(self):
        text = report.text(canned())
        self.assertRegex(text, r"\| Gone +\| – +\| – +\| – +\|")
        self.assertIn("* Gone: no figure: not built", text)

    def test_lost_messages_are_told(self):
        self.assertIn("Slow, round trip: 64 B: messages 3 lost", report.text(canned()))

    def test_measurements_that_failed_beside_others_are_told(self):
        troubled = canned()
        troubled["peers"][1]["results"][0]["failures"] = ["it hung", "it broke"]
        self.assertIn("Signet, round trip: 64 B: 2 measurements failed: it broke",
                      report.text(troubled))

    def test_a_call_is_told_without_its_way_of_waiting(self):
        lines = report.table(canned(), roster.ONE_CORE)
        self.assertRegex(lines[-2], r"\| Caller +\| 30.0 µs \(60.0 µs\) +\| .+ \| 133 k/s +\|")

    def test_who_does_not_do_a_work_has_no_row_there(self):
        self.assertNotIn("Signet shm", "".join(report.table(canned(), roster.ONE_CORE)))

    def test_a_busy_machine_is_told(self):
        self.assertIn("NOT QUIET: others used 40%", report.text(canned(others_share=0.4)))
        self.assertNotIn("NOT QUIET", report.text(canned()))

    def test_a_single_cpu_is_told(self):
        lonely = canned()
        lonely["machine"]["cpus"] = 1
        self.assertIn("ONE CPU", report.text(lonely))


class Ratios(unittest.TestCase):
    def test_times_and_rates_are_ahead_alike(self):
        row = "| unix://, one core                | 3.00, 3.00, 3.00 | 1 "
        self.assertIn(row, report.text(canned()))

    def test_what_is_wanted_and_missed_is_told(self):
        found = canned()
        found["ratios"][0]["ratio"] = 0.5
        self.assertEqual(list(report.missed(found)),
                         ["MISSED: unix://, one core, wanted 1: Caller, int 0.50"])

    def test_those_without_a_figure_are_left_out(self):
        found = canned()
        found["peers"][-1]["results"][0] = {**rounds.name(roster.EVERY_CALL[0]), "failure": "x"}
        first = contests.ratios(found["peers"])[0]
        self.assertEqual(first["case"], "1 KiB")


class Chart(unittest.TestCase):
    def setUp(self):
        self.root = xml.etree.ElementTree.fromstring(chart.svg(canned()))

    def words(self):
        return ["".join(each.itertext()) for each in self.root.iter(SVG + "text")]

    def test_each_figure_is_a_bar_and_ours_stand_out(self):
        kinds = [each.get("class") for each in self.root.iter(SVG + "rect")]
        self.assertEqual((kinds.count("own"), kinds.count("other")), (6 + 12, 6 + 9))

    def test_the_best_comes_first(self):
        words = self.words()
        self.assertLess(words.index("Signet"), words.index("Slow"))

    def test_ten_times_as_much_is_the_same_step_everywhere(self):
        axis = chart.Axis([30, 4000], 100, 300)
        self.assertEqual([axis.at(value) for value in (10, 100, 10000)], [100, 200, 400])

    def test_a_missing_figure_is_said(self):
        self.assertEqual(self.words().count("no figure"), 6)

    def test_a_busy_machine_is_told(self):
        self.assertIn("NOT QUIET", chart.svg(canned(others_share=0.4)))

    def test_it_has_colours_for_dark_ground(self):
        self.assertIn("prefers-color-scheme: dark", "".join(self.root.itertext()))


class Rounds(unittest.TestCase):
    def comparison(self, *middles):
        """One peer with a mode for each figure."""
        modes = [roster.Mode("poll", bool(at)) for at in range(len(middles))]
        peer, case = roster.Peer("x", "X", "", tuple(modes)), roster.CASES[0]
        found = rounds.Comparison(pathlib.Path("nowhere"), [peer], 0.1)
        for mode, middle in zip(modes, middles):
            found.samples[peer, case, mode].kept.append({"p50_ns": middle})
        return found, peer, case, modes

    def test_the_best_mode_counts(self):
        found, peer, case, modes = self.comparison(30, 20)
        self.assertEqual(found.best_mode(peer, case), modes[1])

    def test_only_modes_near_the_best_are_run_again(self):
        found, peer, case, modes = self.comparison(31, 20)
        self.assertFalse(found.worth_running((peer, case, modes[0]), rounds.SCOUTING_ROUNDS))
        self.assertTrue(found.worth_running((peer, case, modes[1]), rounds.SCOUTING_ROUNDS))

    def test_a_mode_that_was_near_the_best_once_stays(self):
        found, peer, case, modes = self.comparison(90, 20)
        found.samples[peer, case, modes[0]].kept.append({"p50_ns": 21})
        self.assertTrue(found.worth_running((peer, case, modes[0]), rounds.SCOUTING_ROUNDS))

    def test_a_program_that_is_missing_is_a_reason(self):
        found, peer, case, _ = self.comparison()
        self.assertIn("not built", rounds.failure(found, peer, case)["failure"])

    def test_another_mood_is_a_ping_off_by_more_than_half(self):
        self.assertTrue(machine.same_mood(100, 150))
        self.assertFalse(machine.same_mood(151, 100))


class Cells(unittest.TestCase):
    def measure(self, script, seconds=0.01):
        """A measurement whose programs run `script`."""
        peer = roster.Peer("x", "X", "")
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder) / "peer_x"
            program.write_text(f"#!/bin/sh\n{script}\n")
            program.chmod(0o700)
            return cell.measure(program, peer, roster.CASES[0], roster.POLLING[0], seconds, (0, 0))

    def tearDown(self):
        self.assertEqual(list(cell.MEMORY.glob(f"{cell.PREFIX}{cell.os.getpid()}-*")), [])

    def test_the_faults_of_both_sides_are_added(self):
        found = self.measure("""echo '{"p50_ns": 7, "lost": 2}'; read -r end""")
        self.assertEqual((found["p50_ns"], found["lost"]), (7, 4))

    def test_a_program_that_fails_says_why(self):
        with self.assertRaisesRegex(cell.Failed, "no such thing"):
            self.measure("echo no such thing >&2; exit 1")

    def test_a_program_that_hangs_is_ended(self):
        start_seconds, cell.START_SECONDS = cell.START_SECONDS, 0.05
        self.addCleanup(setattr, cell, "START_SECONDS", start_seconds)
        with self.assertRaises(cell.TimedOut):
            self.measure("read -r end; sleep 1000")


if __name__ == "__main__":
    sys.exit(unittest.main())
