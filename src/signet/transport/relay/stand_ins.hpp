// SPDX-License-Identifier: Apache-2.0
// The endpoints of this process that are there for others elsewhere: what the user is told of is
// the others. A relay puts them down; the user's thread has events and statuses put right.
//
// Thread safety: any thread.
#pragma once

#include <signet/transport/topic.hpp>
#include <signet/transport/topic_carrier.hpp>

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

namespace signet::transport::relay {

class stand_ins {
public:
    /// So many are remembered that have ended, for events that nobody has taken yet.
    static constexpr std::size_t remembered_max = 2048;

    /// `local` is about to join, for `who`.
    void add(std::uint64_t local, const remote_end& who);

    /// It is about to leave, in truth like this.
    void end(std::uint64_t local, topic_event::kind how, std::string reason);

    std::optional<remote_end> find(std::uint64_t local) const;

    /// What is said of a stand-in, said of whom it stands for.
    topic_event told(topic_event event) const;

    template <class Status>
    Status told(Status status) const {
        if (const auto who = find(status.endpoint)) {
            status.endpoint = who->endpoint;
            status.pid = who->pid;
            status.command = who->command;
        }
        return status;
    }

private:
    struct entry {
        std::uint64_t local;
        remote_end who;
        bool ended = false;
        topic_event::kind how = topic_event::kind::left;
        std::string reason{};
    };

    void forget_one();
    const entry* look_up(std::uint64_t local) const;

    mutable std::mutex mutex_;
    std::deque<entry> all_;  ///< oldest first
};

}  // namespace signet::transport::relay
