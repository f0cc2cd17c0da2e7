// SPDX-License-Identifier: Apache-2.0
// What the living users of a durable queue agree on beside its lanes: the file `commit` of its
// directory, mapped by all. Good for the boot it names; made when the lanes are complete, and
// removed before they are made anew.
//
//     +0x00  magic "Sqcommit" u64 | version u32 = 1 | check u32    of the 64 bytes, itself as 0
//     +0x10  log u64 | boot 16 bytes | 24 zero
//     +0x40  end u64              log_end.hpp; written by the holder of `commit`
//     +0x80  started u32          rounds that began to collect; likewise
//     +0x84  ended u32            the last one that brought all it collected to the disk; likewise
//     +0x88  turns u32            how often `commit` was given up: to sleep on; likewise
//     +0x8c  usual u32            how many came for the last round and during it; likewise
//     +0x90  sync_us u32          how long the last one took to be on the disk; likewise
//     +0x94  counted u32          `arrived` when the last one began; likewise
//     +0xc0  arrived u32          how often somebody came for a round; everybody, adding
//
// A holder that dies leaves a round that never ends, and the next one begins another. Garbage in a
// count: a push may wait until the next round, or return before its own is safe, as a queue is one
// trust group; in the last four: a round waits in vain, 10 ms at most; in `end`: log_end.hpp.
#pragma once

#include <signet/memory/access.hpp>
#include <signet/memory/topic_layout.hpp>
#include <signet/os/directory.hpp>
#include <signet/os/mapped_file.hpp>
#include <signet/pattern/queue/log_end.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace signet::pattern {

using boot_id = std::array<std::byte, 16>;

/// Of this boot of the machine. Throws `error`.
boot_id current_boot();

struct accord_head {
    std::uint64_t magic = 0;
    std::uint32_t version = 0;
    std::uint32_t check = 0;
    std::uint64_t log = 0;
    boot_id boot{};
    std::array<std::byte, 24> zero{};
};
static_assert(sizeof(accord_head) == 64);

struct commit_words {
    accord_head head;
    log_end end;
    std::array<std::byte, 56> gap;
    memory::shared_word<std::uint32_t> started;
    memory::shared_word<std::uint32_t> ended;
    memory::shared_word<std::uint32_t> turns;
    memory::shared_word<std::uint32_t> usual;
    memory::shared_word<std::uint32_t> sync_us;
    memory::shared_word<std::uint32_t> counted;
    alignas(memory::line_bytes) memory::shared_word<std::uint32_t> arrived;
};
static_assert(offsetof(commit_words, end) == 0x40);
static_assert(offsetof(commit_words, started) == 0x80);
static_assert(offsetof(commit_words, arrived) == 0xc0);

class log_accord {
public:
    static constexpr const char* file_name = "commit";

    /// Makes the file. Throws where it exists.
    static void create(const os::directory& in, std::uint64_t log, const log_position& end);

    /// No value where there is none, or none of this boot, or it is damaged.
    static std::optional<log_accord> try_open(const os::directory& in);

    /// Removes it. False where there is none.
    static bool remove(const os::directory& in);

    /// Valid as long as this object.
    commit_words& words() const noexcept {
        return *reinterpret_cast<commit_words*>(content_.data());
    }
    std::uint64_t log() const noexcept { return log_; }

private:
    log_accord(os::mapped_file content, std::uint64_t log) noexcept
        : content_{std::move(content)}, log_{log} {}

    os::mapped_file content_;
    std::uint64_t log_;
};

}  // namespace signet::pattern
