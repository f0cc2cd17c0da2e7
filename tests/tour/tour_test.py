#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A whole tour, from outside: `tour_test.py SIGNET CASE`.

short   a short tour keeps what it claims
killed  all of it is killed at once, and the next one finds nothing in its way
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

WATCHDOG_S = 100


def fill(directory: pathlib.Path) -> pathlib.Path:
    files = directory / "files"
    (files / "deep").mkdir(parents=True)
    for i in range(30):
        (files / f"file-{i:02}").write_bytes(bytes([i]) * (i * 7001))
    (files / "empty").write_bytes(b"")
    (files / "deep" / "odd\nname \\ é").write_bytes(b"x" * 65536)
    (files / "deep" / "large").write_bytes(os.urandom(3_000_000))
    return files


class Case:
    def __init__(self, program: str, directory: pathlib.Path):
        self.program = program
        self.rendezvous = directory / "rendezvous"
        self.files = fill(directory)
        self.environment = dict(os.environ, SIGNET_DIR=str(self.rendezvous))

    def start(self) -> subprocess.Popen:
        command = [self.program, "tour", "--seconds", "8", "--files", str(self.files), "--json"]
        return subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True)

    def tally(self) -> dict:
        tour = self.start()
        output, _ = tour.communicate(timeout=WATCHDOG_S)
        assert tour.returncode == 0, (tour.returncode, output)
        return json.loads(output)

    def names(self) -> list:
        return [str(p) for p in self.rendezvous.rglob("*") if not p.is_dir()]


def children_of(pid: int) -> list:
    tasks = pathlib.Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def gone(pid: int) -> bool:
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until(condition) -> None:
    end = time.monotonic() + WATCHDOG_S
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


def expect_good(tally: dict) -> None:
    assert tally["ok"] and not tally["faults"], tally
    assert tally["torn"] == 0 and tally["lost"] == 0, tally
    assert tally["left_behind"] == {"bytes": 0, "topics": 0, "sockets": 0}, tally
    assert all(kills >= 2 for kills in tally["kills_by_role"].values()), tally
    assert tally["restarts"] >= tally["kills"]["by_tour"], tally
    assert tally["files"]["sha256sum_equal"] == tally["files"]["distinct"] == 33, tally


def short(case: Case) -> None:
    expect_good(case.tally())
    assert case.names() == [], case.names()


def killed(case: Case) -> None:
    """The conductor first: its roles must not outlive it, whoever kills whom."""
    tour = case.start()
    wait_until(lambda: len(children_of(tour.pid)) == 5 and len(case.names()) > 10)
    roles = children_of(tour.pid)
    os.kill(tour.pid, signal.SIGKILL)
    wait_until(lambda: all(gone(pid) for pid in roles))
    tour.communicate()
    expect_good(case.tally())
    assert case.names() == [], case.names()


def main() -> None:
    program, case = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="signet-tour-", dir="/dev/shm") as directory:
        {"short": short, "killed": killed}[case](Case(program, pathlib.Path(directory)))


main()
