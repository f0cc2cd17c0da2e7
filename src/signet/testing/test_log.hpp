// SPDX-License-Identifier: Apache-2.0
// A log in a directory of a test's own, and what it holds as text. For tests.
#pragma once

#include <signet/os/directory.hpp>
#include <signet/pattern/queue/queue_log.hpp>
#include <signet/testing/shared_page.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/testing/text_bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace signet::pattern {

using testing::bytes_of;
using testing::text_of;

inline constexpr std::uint64_t small_segment = 32768;

using live_messages = std::map<std::uint64_t, std::string>;

/// What lives in the log of a directory.
inline live_messages live_in(const std::string& path, log_reader& reader) {
    live_messages messages;
    reader.follow();
    std::vector<std::byte> buffer;
    for (const auto& [identity, place] : reader.live()) {
        const std::optional<log_entry> entry = reader.fetch(place, buffer);
        messages[identity] = entry ? text_of(entry->fields) + "|" + text_of(entry->payload)
                                   : "unreadable in " + path;
    }
    return messages;
}

inline live_messages live_in(const std::string& path) {
    const os::directory in = os::directory::open(path);
    log_reader reader{in};
    return live_in(path, reader);
}

/// An entry with fields "f" and a payload that goes on with its identity.
class message_entry {
public:
    message_entry(std::uint64_t identity, std::size_t bytes)
        : payload_(bytes, static_cast<char>('a' + identity % 26)), identity_{identity} {}

    log_entry pushed() const {
        return {entry_kind::pushed, identity_, bytes_of("f"), bytes_of(payload_)};
    }
    std::string text() const { return "f|" + payload_; }

private:
    std::string payload_;
    std::uint64_t identity_;
};

class log_for_test {
public:
    explicit log_for_test(const std::string& path, std::uint64_t segment_bytes = small_segment)
        : directory{os::directory::open(path)}, segment_bytes_{segment_bytes} {
        reopen();
    }

    /// As after a loss of what the living agreed on.
    void reopen() {
        log_reader found{directory};
        found.follow();
        end.set(queue_log::begin(directory, found, segment_bytes_));
        reopen_object();
    }

    /// As another process that comes next.
    void reopen_object() { log.emplace(directory, end, segment_bytes_); }

    void push(std::uint64_t identity, std::size_t bytes = 100) {
        const message_entry message{identity, bytes};
        const log_entry entry = message.pushed();
        log->append(std::span{&entry, 1}, identity + 1);
        expected[identity] = message.text();
    }

    void finish(std::uint64_t identity) {
        const log_entry entry{.identity = identity};
        log->append(std::span{&entry, 1}, 0);
        expected.erase(identity);
    }

    os::directory directory;
    testing::shared_page<log_end> shared_end{};
    log_end& end = *shared_end;
    std::optional<queue_log> log;
    live_messages expected;

private:
    std::uint64_t segment_bytes_;
};

}  // namespace signet::pattern
