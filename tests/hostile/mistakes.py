#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants mistakes in copies of the library's sources; the hostile tests must catch each of them.

    mistakes.py --source DIR --build DIR --compiler CXX [--tsan DIR] [--only N,N,...]

A mistake is a replacement in one file. The copy is found before the original, what it touches is
compiled anew and linked before the library, and the test program must fail: by an assertion, a
signal, or by not ending. Mistakes in the order of accesses are for the thread sanitizer, and are
planted where --tsan names a build with it. Prints a line for each mistake; status 1 where one was
not caught.
"""
import argparse
import collections
import pathlib
import subprocess
import sys

Mistake = collections.namedtuple("Mistake", "what file old new suite")
Suite = collections.namedtuple("Suite", "defines tests always library filter")

RING = "src/signet/memory/broadcast_ring.cpp"
RING_HEADER = "src/signet/memory/broadcast_ring.hpp"
TABLE = "src/signet/transport/shm/subscriber_table.cpp"
MEMORY = "src/signet/transport/shm/shared_memory.cpp"
JOIN = "src/signet/transport/shm/topic_join.cpp"
MEDIUM = "src/signet/transport/medium_channel.cpp"
REQUEST = "src/signet/transport/shm/topic_request.cpp"

SUITES = {
    "memory": Suite(["-DSIGNET_ACCESS_HOOK"],
                    ["hostile_memory_test", "hostile_page_test", "hostile_descriptor_test"],
                    "hostile_memory_test", "libsignet_hooked.a", "*"),
    "link": Suite([], ["hostile_link_test", "hostile_welcome_test"],
                  "hostile_link_test", "libsignet.a", "HostileWelcome*:HostileJoin*"),
    "queues": Suite([], ["hostile_queue_test"], "hostile_queue_test", "libsignet.a", "*"),
    "threads": Suite(["-fsanitize=thread", "-Wno-tsan", "-g1"], ["ring_threads_test"],
                     "ring_threads_test", "libsignet.a", "*"),
}

MISTAKES = [
    Mistake("the index of a chunk is not checked", RING_HEADER,
            "index >= e.chunk_count || ", "", "memory"),
    Mistake("the bytes of a chunk are not checked", RING_HEADER,
            "index >= e.chunk_count || shape.bytes > e.chunk_bytes", "index >= e.chunk_count",
            "memory"),
    Mistake("an extent that nobody gave is looked into", RING_HEADER,
            "        if (number >= extents_.size()) {\n"
            "            return number < extents_max ? read_result::absent : read_result::broken;\n"
            "        }\n", "", "memory"),
    Mistake("a length is loaded again after it was checked", RING_HEADER,
            "        free_holds_.pop_back();\n",
            "        free_holds_.pop_back();\n        view.bytes = payload_shape::unpack("
            "slot_of(position_).shape.load(std::memory_order_relaxed)).bytes;\n", "memory"),
    Mistake("the length of an inline message is not limited", RING,
            "std::min<std::size_t>(shape.bytes, geometry_.inline_bytes_max())", "shape.bytes",
            "memory"),
    Mistake("who was passed goes to the frontier wherever it is", RING,
            "    if (frontier <= position_) return 0;\n", "", "memory"),
    Mistake("a stamp ahead is believed", RING_HEADER,
            "if (stamp != position_ + 1) {", "if (stamp < position_ + 1) {", "memory"),
    Mistake("a cursor may go back", TABLE,
            "std::clamp(said, entry.cursor, published)", "std::min(said, published)", "memory"),
    Mistake("a cursor may be ahead of what was published", TABLE,
            "        floor = std::min(floor, entry.cursor);\n",
            "        floor = entry.cursor = said;\n", "memory"),
    Mistake("hazards beyond the grant are looked at", TABLE,
            "k < entry.grant", "k < memory::held_max_limit", "memory"),
    Mistake("a cursor is counted beyond the grant", TABLE,
            " && held_.size() - before < entry.grant) held_", ") held_", "memory"),
    Mistake("a message that is kept is not named when its cursor moves on", RING_HEADER,
            "page_->hazard[at_cursor_].store(position_, std::memory_order_release);", "", "memory"),
    Mistake("a small message moves the cursor past one that is held", RING,
            "    leave_cursor();\n    ++position_;\n", "    ++position_;\n", "memory"),
    Mistake("seals are not looked at", MEMORY,
            "os::includes(facts.present, seals)", "os::includes(facts.present, seals) || true",
            "memory"),
    Mistake("the announced size is believed", MEMORY,
            "require(facts.bytes == whole_pages(expected.bytes, page),", "require(true,",
            "memory"),
    Mistake("the announced geometry is believed", REQUEST,
            "if (g.sound()) return g;", "if (g.sound() || true) return g;", "link"),
    Mistake("slots that are too small for the type are taken", REQUEST,
            "if (fits && may_hold) return;", "if (may_hold) return;", "link"),
    Mistake("as many holds are granted as are asked for", JOIN,
            "std::min<std::uint64_t>(frame.u64(key::held_max), memory::held_max_limit)",
            "frame.u64(key::held_max)", "link"),
    Mistake("a letter of no kind is read", MEDIUM,
            "one.kind >= letter_kinds", "false", "queues"),
    Mistake("a message of any length is taken", MEDIUM,
            "body.size() > options_.message_bytes_max", "false", "queues"),
    Mistake("a stamp does not release what it commits", RING_HEADER,
            "s.stamp.store(next_ + 1, std::memory_order_release)",
            "s.stamp.store(next_ + 1, std::memory_order_relaxed)", "threads"),
    Mistake("a hazard does not release what was read under it", RING_HEADER,
            "page_->hazard[hold].store(0, std::memory_order_release)",
            "page_->hazard[hold].store(0, std::memory_order_relaxed)", "threads"),
    Mistake("the cursor of one that was evicted is not counted", TABLE,
            "if (entry.passed_over() && held_.size()", "if (false && held_.size()", "threads"),
]


def run(command, timeout=120, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=timeout, check=False, text=True, errors="replace", **options)


def must(command):
    done = run(command)
    if done.returncode != 0:
        sys.exit(f"mistakes.py: {' '.join(map(str, command))}\n{done.stdout}")


class Plant:
    """One mistake, in a folder of its own."""

    def __init__(self, options, number):
        self.options = options
        self.mistake = MISTAKES[number - 1]
        self.suite = SUITES[self.mistake.suite]
        self.folder = options.build / "mistakes" / f"{number:02}"
        self.threads = self.mistake.suite == "threads"
        self.build = options.tsan if self.threads else options.build

    def plant(self):
        source = (self.options.source / self.mistake.file).read_text(encoding="utf-8")
        if source.count(self.mistake.old) != 1:
            sys.exit(f"mistakes.py: `{self.mistake.old}` is not there once in {self.mistake.file};"
                     " bring the table up to date")
        copy = self.folder / self.mistake.file
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(source.replace(self.mistake.old, self.mistake.new), encoding="utf-8")

    def compile(self, source, name):
        target = self.folder / f"{name}.o"
        must([*self.options.compiler.split(), "-std=c++20", "-O1", "-fPIE", *self.suite.defines,
              '-DSIGNET_ACTOR=""', f"-I{self.folder / 'src'}", f"-I{self.options.source / 'src'}",
              "-c", source, "-o", target])
        return target

    def mistaken(self, file):
        """The copy of a source with the mistake; the source itself where it is not there."""
        return (self.folder if self.mistake.file == file else self.options.source) / file

    def objects(self):
        if self.threads:
            test = self.options.source / "tests" / "threads" / "ring_threads_test.cpp"
            return [self.compile(test, "test"), self.compile(self.mistaken(RING), "ring"),
                    self.compile(self.mistaken(TABLE), "table")]
        tests = self.options.source / "tests" / "hostile"
        built = self.build / "tests" / "CMakeFiles" / f"{self.suite.always}.dir" / "hostile"
        if self.mistake.file.endswith(".hpp"):
            name = "hostile_memory_test"
            return [self.compile(tests / f"{name}.cpp", name),
                    self.compile(self.options.source / RING, "broadcast_ring")]
        return [self.compile(self.folder / self.mistake.file, "mistaken"),
                *(built / f"{name}.cpp.o" for name in self.suite.tests)]

    def link(self):
        program = self.folder / "program"
        lib = self.build / "src"
        sanitizer = ["-fsanitize=thread"] if self.threads else []
        must([*self.options.compiler.split(), *sanitizer, *self.objects(), "-o", program,
              lib / "signet" / "testing" / "libsignet_testing.a", lib / self.suite.library,
              "-lgtest_main", "-lgtest", "-lpthread"])
        return program

    def caught(self):
        """How the tests failed; nothing where they did not."""
        self.plant()
        try:
            steady = ["setarch", "-R"] if self.threads else []
            done = run([*steady, self.link(), f"--gtest_filter={self.suite.filter}"], timeout=60,
                       cwd=self.folder)
        except subprocess.TimeoutExpired:
            return "it does not end"
        if done.returncode == 0:
            return None
        if done.returncode < 0:
            began = [line.split()[3] for line in done.stdout.splitlines() if "[ RUN " in line]
            return f"signal {-done.returncode} in {began[-1]}"
        if "WARNING: ThreadSanitizer" in done.stdout:
            return "a data race"
        return next(line.split()[3] for line in done.stdout.splitlines() if "[  FAILED  ]" in line)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--tsan", type=pathlib.Path)
    parser.add_argument("--only", help="numbers, with commas between them")
    options = parser.parse_args()
    options.source, options.build = options.source.resolve(), options.build.resolve()
    options.tsan = options.tsan and options.tsan.resolve()
    chosen = ([int(n) for n in options.only.split(",")] if options.only else
              [n for n, mistake in enumerate(MISTAKES, 1)
               if options.tsan or mistake.suite != "threads"])
    missed = 0
    for number in chosen:
        how = Plant(options, number).caught()
        missed += how is None
        print(f"{number:3}  {MISTAKES[number - 1].what}: {how or 'NOT CAUGHT'}", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} planted mistakes caught")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
