// SPDX-License-Identifier: Apache-2.0
#include <tour/machine.hpp>
#include <tour/proc.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

namespace tour {
namespace {

TEST(Proc, FindsTheLabelledLinesOfMeminfo) {
    const auto memory = parse_meminfo(
        "MemTotal:       24 kB\nMemFree: 3 kB\nMemAvailable:   12 kB\nShmem:  7 kB\n");
    EXPECT_EQ(memory.total_kib, 24u);
    EXPECT_EQ(memory.available_kib, 12u);
    EXPECT_EQ(memory.shared_kib, 7u);
}

TEST(Proc, ReadsTheFirstLoad) {
    EXPECT_EQ(parse_load_milli("1.25 0.50 0.10 2/300 4711\n"), 1250u);
}

TEST(Proc, ReadsAStatWhoseCommandHasBracketsAndBlanks) {
    const auto process =
        parse_stat("12 (a) b (c) T 7 12 12 0 -1 4194560 100 0 0 0 30 12 0 0 20 0 1 0 5\n");
    EXPECT_EQ(process.command, "a) b (c");
    EXPECT_EQ(process.state, 'T');
    EXPECT_EQ(process.parent, 7);
    EXPECT_EQ(process.cpu_ticks, 42u);
}

TEST(Proc, MakesNothingOfNonsense) {
    EXPECT_EQ(parse_stat("nonsense").parent, 0);
    EXPECT_EQ(parse_meminfo("").total_kib, 0u);
    EXPECT_EQ(parse_io("").read_bytes, 0u);
    EXPECT_TRUE(parse_segments("/memfd:signet-x", "signet-").size() < 2);
}

TEST(Proc, ReadsResidentAndSharedPages) {
    const auto memory = parse_statm("900 10 3 1 0 5 0\n", 4096);
    EXPECT_EQ(memory.resident_bytes, 40960u);
    EXPECT_EQ(memory.shared_bytes, 12288u);
}

TEST(Proc, FindsTheSharedMemoryAmongTheMaps) {
    const auto found = parse_segments(
        "7f00-7f10 r-xp 00000000 08:01 5 /bin/cat\n"
        "10000-12000 rw-s 00000000 00:01 77 /memfd:signet-topic (deleted)\n"
        "12000-13000 r--s 00000000 00:01 78 /memfd:other (deleted)\n",
        "signet-");
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0], (memory_segment{77, 0x2000, true, "signet-topic"}));
}

TEST(Proc, HasNothingToReadOfAProcessThatIsNot) {
    EXPECT_FALSE(read_proc(proc_path(-1, "stat")));
}

TEST(Proc, ListsThisProcess) {
    const auto all = list_processes();
    EXPECT_TRUE(std::binary_search(all.begin(), all.end(), ::getpid()));
}

TEST(Machine, KnowsHowMuchMemoryThereIs) {
    machine here{::getppid()};
    const telemetry first = here.look();
    EXPECT_GT(first.memory_total_kib, first.memory_available_kib);
    EXPECT_GT(first.processes, 0u);
}

}  // namespace
}  // namespace tour
