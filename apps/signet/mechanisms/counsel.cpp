// SPDX-License-Identifier: Apache-2.0
#include "counsel.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace signet::command {
namespace {

// The defaults of Debian's kernel; `signet tour mechanisms` tells those of this machine.
constexpr std::uint64_t posix_queue_bytes = 8192;
constexpr std::uint64_t seqpacket_bytes = 128 * 1024;

constexpr std::uint64_t in_slot_bytes = 240;  // of a topic; larger messages are written in a loan

struct requirement {
    bool needs::* wanted;
    bool candidate::* has;
    const char* text;
};

const std::vector<candidate> candidates{
    {.name = "topic",
     .code = "hello",
     .message_bytes_max = std::uint64_t{0xffff'ffff},
     .many_readers = true,
     .because = "a message costs one transfer of a cache line and no system call, a large one is "
                "not copied, and every reader reads the same memory"},
    {.name = "unix seqpacket",
     .code = "unix_seqpacket",
     .message_bytes_max = seqpacket_bytes,
     .many_readers = true,
     .other_language = true,
     .untrusted = true,
     .because = "the kernel copies each message whole, tells who sent it, and nothing is shared "
                "that a hostile peer could change"},
    {.name = "named pipe",
     .code = "named_pipe",
     .other_language = true,
     .shell = true,
     .because = "a script writes and reads it like a file, with > and <, and it needs nothing "
                "installed"},
    {.name = "unix stream",
     .code = "unix_stream",
     .many_readers = true,
     .other_language = true,
     .untrusted = true,
     .because = "every language has it, messages may be of any length, and it tells who is at "
                "the other end"},
    {.name = "posix mq",
     .code = "posix_message_queue",
     .message_bytes_max = posix_queue_bytes,
     .survives_crash = true,
     .other_language = true,
     .because = "the kernel keeps what was sent when sender and reader have died, and gives the "
                "most urgent first"},
    {.name = "tcp",
     .code = "tcp",
     .many_readers = true,
     .other_machine = true,
     .other_language = true,
     .untrusted = true,
     .because = "it reaches every machine, loses nothing while the connection lives, and says "
                "when it does not"},
    {.name = "file",
     .code = "file",
     .many_readers = true,
     .survives_crash = true,
     .survives_reboot = true,
     .other_language = true,
     .shell = true,
     .because = "what was appended and synchronised is on the disk, whoever dies, and each "
                "reader keeps its own place in it"},
};

constexpr requirement requirements[] = {
    {&needs::survives_crash, &candidate::survives_crash,
     "what was sent and not read is gone with its processes"},
    {&needs::survives_reboot, &candidate::survives_reboot, "nothing of it survives a reboot"},
    {&needs::other_machine, &candidate::other_machine, "it does not leave the machine"},
    {&needs::other_language, &candidate::other_language, "the peer would have to link with Signet"},
    {&needs::untrusted, &candidate::untrusted, "a hostile peer can change or stop what is shared"},
    {&needs::shell, &candidate::shell, "a shell has no words for it"},
};

const candidate& first_that(const std::vector<candidate>& all, bool candidate::* has) {
    return *std::find_if(all.begin(), all.end(), [&](const candidate& one) { return one.*has; });
}

/// For each requirement that the best lacks, the first that has it.
std::vector<candidate> complements(const std::vector<candidate>& all, const candidate& best,
                                   const needs& need) {
    std::vector<candidate> found;
    for (const requirement& one : requirements) {
        if (need.*one.wanted && !(best.*one.has)) found.push_back(first_that(all, one.has));
    }
    return found;
}

}  // namespace

const std::vector<candidate>& all_candidates() {
    return candidates;
}

std::vector<std::string> lacks(const candidate& one, const needs& need) {
    std::vector<std::string> missing;
    for (const requirement& what : requirements) {
        if (need.*what.wanted && !(one.*what.has)) missing.emplace_back(what.text);
    }
    if (need.readers > 1 && !one.many_readers) {
        missing.emplace_back("each message goes to one reader only");
    }
    if (one.message_bytes_max && need.message_bytes > *one.message_bytes_max) {
        missing.push_back("a message has at most " + std::to_string(*one.message_bytes_max) +
                          " bytes");
    }
    return missing;
}

counsel advise_for(const needs& need) {
    std::vector<candidate> all = candidates;
    if (need.message_bytes > in_slot_bytes) all.front().code = "frames";
    std::stable_sort(all.begin(), all.end(), [&](const candidate& a, const candidate& b) {
        return lacks(a, need).size() < lacks(b, need).size();
    });
    counsel given{.best = all.front(), .missing = lacks(all.front(), need)};
    given.beside = complements(all, given.best, need);
    std::copy_if(std::next(all.begin()), all.end(), std::back_inserter(given.others),
                 [&](const candidate& one) { return lacks(one, need).empty(); });
    return given;
}

}  // namespace signet::command
