# SPDX-License-Identifier: Apache-2.0
"""How many times Signet's calls are ahead of each other peer's, and how many are wanted."""
import dataclasses

import roster


@dataclasses.dataclass(frozen=True)
class Contest:
    """Our peer in one table, and the others in the same or another one."""
    title: str
    own: str
    own_table: str
    their_table: str
    wanted: float


CONTESTS = (
    Contest("unix://, one core", "signet_unix", roster.ONE_CORE, roster.ONE_CORE, 1),
    Contest("unix://, two cores, others block", "signet_unix", roster.BLOCKING, roster.BLOCKING, 1),
    Contest("unix://, two cores, all poll", "signet_unix", roster.POLLED, roster.POLLED, 1),
    Contest("shm:// polling, others block", "signet_shm", roster.POLLED, roster.BLOCKING, 10),
    Contest("shm:// polling, others poll", "signet_shm", roster.POLLED, roster.POLLED, 10),
)


def is_own(peer):
    return peer["key"].startswith("signet")


def values(peer, table):
    """Those of a peer in one table that have a figure, by case."""
    return {one["case"]: one for one in peer["results"]
            if one["table"] == table and "failure" not in one}


def times_ahead(own, other):
    if own["kind"] == "call":
        return other["p50_ns"] / own["p50_ns"]
    return own["msgs_per_s"] / other["msgs_per_s"]


def ratios_of(contest, own, other):
    ours, theirs = values(own, contest.own_table), values(other, contest.their_table)
    for case in (each for each in ours if each in theirs):
        yield {"contest": contest.title, "peer": other["title"], "case": case,
               "ratio": times_ahead(ours[case], theirs[case]), "wanted": contest.wanted}


def ratios(peers):
    """One for each contest, other peer and case that have figures."""
    return [ratio for contest in CONTESTS
            for own in peers if own["key"] == contest.own
            for other in peers if not is_own(other)
            for ratio in ratios_of(contest, own, other)]
