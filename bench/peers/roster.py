# SPDX-License-Identifier: Apache-2.0
"""Who is compared, in which ways each of them is run, and what is measured."""
import dataclasses
import itertools

SIZES = (64, 1024, 1 << 20)
KINDS = ("round_trip", "stream")


@dataclasses.dataclass(frozen=True)
class Case:
    kind: str
    size: int

    @property
    def roles(self):
        return ("ask", "answer") if self.kind == "round_trip" else ("send", "receive")

    @property
    def metric(self):
        return "p50_ns" if self.kind == "round_trip" else "msgs_per_s"

    def best(self, results, value):
        """The best of `results`: lowest round trip, highest rate, as `value` gives it."""
        return (min if self.kind == "round_trip" else max)(results, key=value)


CASES = tuple(Case(kind, size) for kind in KINDS for size in SIZES)


@dataclasses.dataclass(frozen=True)
class Mode:
    """How a peer waits, and whether its two processes are pinned to two cpus."""
    waiting: str
    pinned: bool


EVERY = tuple(Mode(waiting, pinned) for waiting, pinned in
              itertools.product(("poll", "block"), (True, False)))
POLLING = tuple(mode for mode in EVERY if mode.waiting == "poll")


@dataclasses.dataclass(frozen=True)
class Peer:
    key: str
    title: str
    package: str
    modes: tuple = EVERY
    needs_roudi: bool = False

    @property
    def program(self):
        return f"peer_{self.key}"


# Each is run in every way it offers and shown at its best: what has threads of its own suffers
# beside an application that polls on the same cpu, and large messages that go to and fro may be
# fastest where the kernel leaves both sides on one cpu.
PEERS = (
    Peer("signet", "Signet", "this tree"),
    Peer("iceoryx", "iceoryx", "libiceoryx-posh-dev", needs_roudi=True),
    Peer("cyclone", "Cyclone DDS (iceoryx memory)", "cyclonedds-dev", needs_roudi=True),
    Peer("zeromq", "ZeroMQ ipc PAIR", "libzmq3-dev"),
    Peer("nng", "nng ipc pair0", "libnng-dev"),
    Peer("boost", "Boost message_queue", "libboost-dev"),
    Peer("mpi", "Open MPI", "libopenmpi-dev", POLLING),
)
