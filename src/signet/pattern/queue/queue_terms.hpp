// SPDX-License-Identifier: Apache-2.0
// What is said about a queue and about its messages: the words of queue_core.hpp. Plain values.
#pragma once

#include <signet/base/time.hpp>
#include <signet/memory/queue_record.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signet::pattern {

using memory::dead_reason;
using memory::message_id;

/// What a queue's messages survive.
enum class durability : std::uint32_t {
    process_crash,  ///< the death of any process, as long as the machine goes on
    host_crash,     ///< a stop of the machine too
};

/// What becomes of a message that has expired.
enum class expired_messages : std::uint32_t { dropped, kept_as_dead_letters };

/// Who may pop.
enum class queue_readers : std::uint32_t {
    anybody,
    one,  ///< a mailbox: who creates it reads it, and it vanishes with that one
};

/// Of one push.
struct queue_terms {
    std::uint32_t priority = 0;           ///< 0 comes first; below `queue_shape::priorities`
    std::chrono::nanoseconds delay{0};    ///< delivered first then, and not in order
    std::chrono::nanoseconds expires{0};  ///< from now; 0: never
    std::optional<message_id> id{};       ///< a second one within the window is dropped
    std::string_view reply_to{};          ///< the name of a mailbox, up to 200 bytes
};

/// What a queue is to be like. Its creator chooses; for who opens it only `type` and `least` count,
/// each where it is given.
struct queue_shape {
    std::uint64_t bytes = std::uint64_t{16} << 20;  ///< for messages, about
    std::uint64_t message_bytes_max = 65536;        ///< at most 4 GiB - 64
    std::uint32_t priorities = 1;                   ///< 1 to 14
    std::uint32_t seats = 64;                       ///< how often it may be open at once, up to 510
    std::uint32_t deliveries_max = 0;       ///< then it is a dead letter; at most 254; 0: no limit
    std::chrono::nanoseconds id_window{0};  ///< 0: ids are carried, and not compared
    expired_messages expired = expired_messages::dropped;
    queue_readers readers = queue_readers::anybody;
    std::uint32_t payload_alignment = 8;  ///< what `loan` and `held_message` give, up to 64
    std::vector<std::byte> type{};        ///< its type descriptor; empty: any
    durability least = durability::process_crash;
};

/// Where a queue is.
struct queue_place {
    /// In the rendezvous directory: "jobs", "shop/orders". Throws `error` (bad_name).
    static queue_place named(std::string_view name, std::string directory = {});
    /// A file of the caller's.
    static queue_place at(std::string path);

    std::string name;       ///< for texts
    std::string directory;  ///< of a name; empty: the default
    std::string path;       ///< empty: by name
};

enum class push_outcome {
    accepted,
    duplicate,  ///< a message of that id was accepted within the window; this one is dropped
    full,
    unconfirmed,  ///< it is in a durable queue, and was not known to be on the disk in time: who
                  ///< writes the log does not get on. It is delivered unless the machine stops
                  ///< before that one goes on, or dies
};

enum class wait_outcome {
    woken,  ///< look again: there may be something
    timed_out,
    stopped,
};

/// A message as somebody sees it who does not take it.
struct peeked_message {
    std::vector<std::byte> payload;
    std::uint32_t priority = 0;
    std::uint32_t deliveries = 0;
    clock::time_point pushed{};
    std::optional<message_id> id{};
    std::string reply_to{};
    bool held = false;                    ///< somebody has it
    bool delayed = false;                 ///< not due yet
    std::optional<dead_reason> reason{};  ///< of a dead letter
    std::string text{};                   ///< likewise
};

/// Who has a message.
struct message_holder {
    std::uint32_t seat = 0;
    int pid = 0;  ///< in its own pid namespace
    std::string command{};
    std::uint64_t messages = 0;
};

/// What is in a queue, counted record by record: right where nobody is at work.
struct queue_account {
    std::uint64_t length = 0;  ///< may be popped now
    std::uint64_t delayed = 0;
    std::uint64_t in_flight = 0;
    std::vector<message_holder> holders{};
    std::uint64_t dead_letters = 0;
    std::optional<clock::time_point> oldest{};  ///< when the oldest that may be popped was pushed
    std::uint64_t expired = 0;                  ///< dropped since it was created
    std::uint64_t duplicates = 0;               ///< likewise
    std::uint64_t damaged = 0;                  ///< likewise
    std::uint64_t ids_forgotten = 0;            ///< within the window, likewise
    std::uint64_t pages = 0;
    std::uint64_t pages_free = 0;
    std::uint64_t bytes = 0;  ///< for messages
};

}  // namespace signet::pattern
