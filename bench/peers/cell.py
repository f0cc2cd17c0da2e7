# SPDX-License-Identifier: Apache-2.0
"""Running one measurement: two processes with a time limit, and nothing left of them afterwards."""
import contextlib
import itertools
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import time

MEMORY = pathlib.Path("/dev/shm")
PREFIX = "signet-peers-"
START_SECONDS = 10.0
READY = "RouDi is ready for clients"

CYCLONE = """<CycloneDDS><Domain>
<General><AllowMulticast>false</AllowMulticast>
<Interfaces><NetworkInterface address="127.0.0.1"/></Interfaces></General>
<Discovery><ParticipantIndex>auto</ParticipantIndex>
<Peers><Peer address="127.0.0.1"/></Peers></Discovery>
<SharedMemory><Enable>true</Enable><LogLevel>error</LogLevel></SharedMemory>
</Domain></CycloneDDS>"""

# Queues hold 256 messages at most; Cyclone's samples have a header of their own.
ROUDI = "[general]\nversion = 1\n[[segment]]\n" + "".join(
    f"[[segment.mempool]]\nsize = {size}\ncount = {count}\n"
    for size, count in ((256, 4000), (2048, 4000), ((1 << 20) + 1024, 96)))


class Failed(Exception):
    """A measurement that gave no figures; the text says why."""


class TimedOut(Failed):
    pass


def ended(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False


def remove(path):
    """Removes a file or a folder, if it is ours to remove."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
        return
    with contextlib.suppress(OSError):
        path.unlink()


def remove_leftovers(own_too=False):
    """Removes what comparisons left in memory that are no more: names begin with their pid."""
    for path in MEMORY.glob(PREFIX + "*"):
        pid = path.name[len(PREFIX):].split("-")[0]
        if pid.isdigit() and (int(pid) == os.getpid() if own_too else ended(int(pid))):
            remove(path)


class Place:
    """A directory in memory with a name of its own; removed with all that is named after it."""
    numbers = itertools.count()

    def __init__(self):
        self.path = MEMORY / f"{PREFIX}{os.getpid()}-{next(self.numbers)}"

    def __enter__(self):
        self.path.mkdir(mode=0o700)
        return self.path

    def __exit__(self, *_):
        for path in (self.path, *MEMORY.glob(self.path.name + "-*")):
            remove(path)


def kill(process):
    """Ends a process and all it started; it leads a session of its own."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Pair:
    """The processes of one measurement. Each says a line of JSON, and leaves when all have."""

    def __init__(self, commands, place, environment):
        self.place, self.said, self.processes, self.open = place, {}, [], []
        dismissal, self.dismiss = os.pipe()
        try:
            for number, command in enumerate(commands):
                self.start(number, command, dismissal, environment)
        except OSError as error:
            self.end()
            raise Failed(str(error)) from error
        finally:
            os.close(dismissal)

    def start(self, number, command, dismissal, environment):
        with open(self.place / f"errors-{number}", "wb") as errors:
            process = subprocess.Popen(command, stdin=dismissal, stdout=subprocess.PIPE,
                                       stderr=errors, env=environment, start_new_session=True)
        self.processes.append(process)
        self.open.append(process.stdout)
        self.said[process.stdout] = b""

    def lines(self):
        text = b"".join(self.said.values()).decode(errors="replace")
        return [line for line in text.split("\n") if line.startswith("{") and line.endswith("}")]

    def listen(self, until):
        ready, _, _ = select.select(self.open, [], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise TimedOut("did not finish in its time")
        for stream in ready:
            said = os.read(stream.fileno(), 65536)
            self.said[stream] += said
            if not said:
                self.open.remove(stream)

    def results(self, until):
        """What the processes said, as two objects."""
        while len(self.lines()) < 2:
            if len(self.open) < len(self.processes):
                raise Failed(self.reason())
            self.listen(until)
        return [json.loads(line) for line in self.lines()]

    def reason(self):
        for number, process in enumerate(self.processes):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
            errors = (self.place / f"errors-{number}").read_text(errors="replace").strip()
            if process.poll():
                return errors.split("\n")[-1] or f"ended with status {process.returncode}"
        return "ended without a result"

    def part(self, until):
        """Lets both leave in good order."""
        os.close(self.dismiss)
        self.dismiss = None
        for process in self.processes:
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired as error:
                raise TimedOut("did not end in its time") from error

    def end(self):
        if self.dismiss is not None:
            os.close(self.dismiss)
            self.dismiss = None
        for process in self.processes:
            kill(process)
            process.stdout.close()


def commands_of(program, peer, case, mode, place, seconds, cpus):
    cores = cpus if case.cores == 2 else cpus[:1] * 2
    places = [str(cpu) if mode.pinned else "free" for cpu in cores]
    parts = [[str(program), role, str(case.size), str(round(seconds * 1000)), cpu, mode.waiting,
              str(place)] for role, cpu in zip(case.roles, places)]
    if peer.key != "mpi":
        return parts
    root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
    options = ["--oversubscribe", "--bind-to", "none", "--mca", "btl", "self,vader",
               "--mca", "mpi_yield_when_idle", "0", "--mca", "orte_tmpdir_base", str(place),
               "--mca", "btl_vader_backing_directory", str(place)]
    return [["mpirun", *root, "-n", "2", *options, *parts[0], places[1]]]


def measure(program, peer, case, mode, seconds, cpus):
    """The figures of one measurement as a dictionary. Throws Failed."""
    environment = {**os.environ, "CYCLONEDDS_URI": CYCLONE}
    with Place() as place:
        commands = commands_of(program, peer, case, mode, place, seconds, cpus)
        pair = Pair(commands, place, environment)
        try:
            until = time.monotonic() + START_SECONDS + 2 * seconds
            found = merged(pair.results(until))
            pair.part(until)
        finally:
            pair.end()
    return found


def merged(both):
    """Figures of one side, faults of both."""
    figures = {**both[0], **both[1]}
    for fault in ("lost", "reordered", "changed"):
        figures[fault] = sum(one.get(fault, 0) for one in both)
    return figures


class Roudi:
    """The daemon of iceoryx, with chunks large enough. Ended in good order, so nothing stays."""

    def __init__(self):
        self.place = Place()
        self.process = None

    def __enter__(self):
        path = self.place.__enter__()
        try:
            self.start(path)
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self, path):
        (path / "roudi.toml").write_text(ROUDI)
        command = ["iox-roudi", "-c", str(path / "roudi.toml")]
        if shutil.which("setpriv"):  # it goes even if we are killed
            command = ["setpriv", "--pdeathsig", "TERM", *command]
        with open(path / "log", "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, start_new_session=True)
        until = time.monotonic() + START_SECONDS
        while READY not in (path / "log").read_text(errors="replace"):
            if self.process.poll() is not None or time.monotonic() > until:
                raise Failed("iox-roudi did not start" + self.reason(path / "log"))
            time.sleep(0.02)

    @staticmethod
    def reason(log):
        text = log.read_text(errors="replace").strip()
        return ": one runs already" if "still running" in text else f": {text[-200:]}"

    def __exit__(self, *_):
        if self.process is not None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
            kill(self.process)
        self.place.__exit__()
