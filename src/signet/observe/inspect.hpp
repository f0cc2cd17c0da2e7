// SPDX-License-Identifier: Apache-2.0
// Who is in a rendezvous directory, what they publish and receive, and how it goes: asked of each
// context over a link of its own, without joining anything. Nothing that is inspected slows down
// for it, and this process needs no context. Any thread.
//
// What others answer is checked; one that answers nonsense is reported with what was wrong, one
// that does not answer (a stopped process) with the names it put down. Names of the dead are
// removed on the way, as by everybody who meets them.
#pragma once

#include <signet/link/rendezvous.hpp>
#include <signet/transport/topic.hpp>
#include <signet/wire/descriptor.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace signet::observe {

/// What a publisher says of itself.
struct publisher_facts {
    std::uint64_t depth = 0;
    std::uint64_t payload_bytes_max = 0;
    std::uint64_t published = 0;
    std::uint64_t lost = 0;  ///< by the subscribers it has now, together
    std::uint64_t subscribers = 0;
    bool allow_block = false;
    std::uint64_t subscribers_max = 0;
    std::uint64_t held_total = 0;  ///< samples that all subscribers together may hold
    std::uint64_t granted = 0;     ///< of these, to the subscribers it has now
};

/// What a subscriber says of itself.
struct subscriber_facts {
    transport::delivery policy{};
    std::uint64_t held_max = 0;
    std::uint64_t received = 0;
    std::uint64_t lost = 0;
    std::uint64_t publishers = 0;
    std::uint64_t skipped = 0;
};

/// A publisher or subscriber.
struct endpoint {
    std::string topic;
    link::role side{};
    std::uint64_t id = 0;
    bool answered = false;  ///< false: only what stands above is known

    std::optional<wire::type_descriptor> type{};  ///< none: it takes any, or did not answer
    publisher_facts publishing{};                 ///< of a publisher
    subscriber_facts receiving{};                 ///< of a subscriber
};

/// A context: usually a process.
struct participant_process {
    std::uint64_t context = 0;
    int pid = 0;          ///< 0 where this process cannot know it
    std::string command;  ///< for people
    std::string problem;  ///< a sentence; empty: it answered, and properly
    std::vector<endpoint> endpoints;
};

struct snapshot {
    std::vector<participant_process> processes;  ///< by pid
    std::size_t dead_names = 0;                  ///< names of the dead that were removed
};

inline constexpr std::chrono::milliseconds answer_limit{500};

/// Asks everybody at once and waits at most for `limit`. A directory that does not exist has
/// nobody in it. Throws `error`: a directory that cannot be used.
snapshot inspect(const std::string& directory, std::chrono::milliseconds limit = answer_limit);

}  // namespace signet::observe
