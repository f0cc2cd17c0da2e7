# SPDX-License-Identifier: Apache-2.0
"""Who is compared, in which ways each of them is run, and what is measured."""
import dataclasses
import itertools

SIZES = {64: "64 B", 1024: "1 KiB", 1 << 20: "1 MiB"}
ROLES = {"round_trip": ("ask", "answer"), "stream": ("send", "receive"),
         "call": ("call", "serve"), "pipeline": ("pipeline", "serve")}
CALLS = ("call", "pipeline")  # kinds that are remote calls


@dataclasses.dataclass(frozen=True)
class Mode:
    """How a peer waits, and whether its two processes are pinned to their cpus."""
    waiting: str
    pinned: bool


EVERY = tuple(Mode(waiting, pinned) for waiting, pinned in
              itertools.product(("poll", "block"), (True, False)))
POLLING = tuple(mode for mode in EVERY if mode.waiting == "poll")


@dataclasses.dataclass(frozen=True)
class Case:
    """One column of a table. Its modes, if any, are the ways in which every peer is run."""
    kind: str
    size: int
    name: str
    table: str
    cores: int = 2
    modes: tuple = ()

    @property
    def roles(self):
        return ROLES[self.kind]

    @property
    def metric(self):
        return "p50_ns" if self.kind in ("round_trip", "call") else "msgs_per_s"

    def best(self, results, value):
        """The best of `results`: lowest round trip, highest rate, as `value` gives it."""
        return (min if self.metric == "p50_ns" else max)(results, key=value)


def messages(kind, table):
    return tuple(Case(kind, size, name, table) for size, name in SIZES.items())


def calls(table, cores, waiting):
    works = (("call", 4, "int"), ("call", 1024, "1 KiB"), ("pipeline", 4, "128 under way"))
    return tuple(Case(*work, table, cores, (Mode(waiting, True),)) for work in works)


MESSAGES = messages("round_trip", "round trip") + messages("stream", "stream, one way")
ONE_CORE, BLOCKING, POLLED = ("calls on one core, blocking", "calls on two cores, blocking",
                              "calls on two cores, polling")
POLLED_CALLS = calls(POLLED, 2, "poll")
EVERY_CALL = calls(ONE_CORE, 1, "block") + calls(BLOCKING, 2, "block") + POLLED_CALLS
CASES = MESSAGES + EVERY_CALL
TABLES = {table: tuple(cases) for table, cases in
          itertools.groupby(CASES, key=lambda case: case.table)}


@dataclasses.dataclass(frozen=True)
class Peer:
    key: str
    title: str
    package: str
    modes: tuple = EVERY
    needs_roudi: bool = False
    cases: tuple = MESSAGES

    @property
    def program(self):
        return f"peer_{self.key}"

    @property
    def work(self):
        return "messages" if self.cases == MESSAGES else "calls"

    def modes_of(self, case):
        return case.modes or self.modes


def caller(key, title, package, cases=EVERY_CALL):
    return Peer(key, title, package, cases=cases)


# Each of messages is run in every way it offers and shown at its best: what has threads of its own
# suffers beside an application that polls on the same cpu, and large messages that go to and fro
# may be fastest where the kernel leaves both sides on one cpu.
PEERS = (
    Peer("signet", "Signet", "this tree"),
    Peer("iceoryx", "iceoryx", "libiceoryx-posh-dev", needs_roudi=True),
    Peer("cyclone", "Cyclone DDS (iceoryx memory)", "cyclonedds-dev", needs_roudi=True),
    Peer("zeromq", "ZeroMQ ipc PAIR", "libzmq3-dev"),
    Peer("nng", "nng ipc pair0", "libnng-dev"),
    Peer("boost", "Boost message_queue", "libboost-dev"),
    Peer("mpi", "Open MPI", "libopenmpi-dev", POLLING),
    caller("signet_unix", "Signet unix://", "this tree"),
    caller("signet_shm", "Signet shm://", "this tree", POLLED_CALLS),
    caller("capnp", "Cap'n Proto", "libcapnp-dev"),
    caller("grpc", "gRPC", "libgrpc++-dev"),
    caller("sdbus", "sd-bus", "libsystemd-dev"),
)
