#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`signet top` on a terminal of its own: `top_terminal_test.py SIGNET`.

It takes the terminal's second screen, draws a picture as wide as the window and again when that
changes, and leaves the terminal as it was on Ctrl-C.
"""
import fcntl
import os
import pty
import re
import select
import struct
import sys
import tempfile
import termios
import time

WATCHDOG_S = 100
ENTER, LEAVE, HOME = b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[H"
CODES = re.compile(rb"\x1b\[[?0-9;]*[A-Za-z]")


class Terminal:
    def __init__(self, command: list, environment: dict, columns: int):
        self.output = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(command[0], command, environment)
        self.resize(columns)

    def resize(self, columns: int) -> None:
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def read_until(self, condition) -> None:
        end = time.monotonic() + WATCHDOG_S
        while not condition(self.output):
            assert time.monotonic() < end, ("waited too long", self.output[-2000:])
            if select.select([self.fd], [], [], 1)[0]:
                try:
                    self.output += os.read(self.fd, 65536)
                except OSError:  # it has ended
                    assert condition(self.output), self.output
                    return

    def status(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def widest_line(output: bytes) -> int:
    """Of the last whole picture."""
    picture = output.split(HOME)[-2] if output.count(HOME) > 1 else output.split(HOME)[-1]
    return max(len(line.decode().rstrip("\r")) for line in CODES.sub(b"", picture).split(b"\r\n"))


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="signet-top-", dir="/dev/shm") as directory:
        os.chmod(directory, 0o700)
        environment = dict(os.environ, SIGNET_DIR=directory, TERM="xterm")
        command = [sys.argv[1], "top", "--interval", "0.05"]
        terminal = Terminal(command, environment, 60)
        terminal.read_until(lambda out: out.count(HOME) >= 3)
        assert ENTER in terminal.output and LEAVE not in terminal.output, terminal.output
        terminal.read_until(lambda out: widest_line(out) <= 60)
        terminal.resize(30)
        terminal.read_until(lambda out: widest_line(out) <= 30)
        os.write(terminal.fd, b"\x03")
        terminal.read_until(lambda out: LEAVE in out)
        assert terminal.status() == 0


main()
