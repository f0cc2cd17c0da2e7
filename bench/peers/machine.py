# SPDX-License-Identifier: Apache-2.0
"""What the machine is, and what else it was doing."""
import os
import platform
import resource
import subprocess
import time

MOOD_FACTOR = 1.5  # as limits::same_mood


def cpus():
    """The two that pinned processes get; on a machine with one, the same twice."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[min(1, len(allowed) - 1)]


def cpu_info(key):
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        values = [line.split(":", 1)[1].strip() for line in info if line.split("\t")[0] == key]
    return values[0] if values else ""


def description():
    return {
        "cpu": cpu_info("model name") or platform.machine(),
        "cpus": len(os.sched_getaffinity(0)),
        "virtual": "hypervisor" in cpu_info("flags").split(),
        "kernel": f"Linux {platform.release()}",
        "pinned_to": list(cpus()),
    }


def ping(program):
    """What a cache line costs to go to the other cpu and back, in nanoseconds."""
    return float(subprocess.run([str(program)], capture_output=True, check=True, timeout=60).stdout)


def same_mood(one, other):
    return max(one, other) <= MOOD_FACTOR * min(one, other)


def busy_seconds():
    """What all processes together have used of all cpus since the machine was started."""
    with open("/proc/stat", encoding="utf-8") as stat:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(
            int, stat.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def own_seconds():
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


class Watch:
    """How much of the cpus others used meanwhile. Children count when they have ended."""

    def __init__(self):
        self.begin = (time.monotonic(), busy_seconds(), own_seconds())

    def others_share(self):
        now = (time.monotonic(), busy_seconds(), own_seconds())
        passed, busy, own = (after - before for after, before in zip(now, self.begin))
        return max(0.0, busy - own) / max(passed * os.cpu_count(), 1e-9)
