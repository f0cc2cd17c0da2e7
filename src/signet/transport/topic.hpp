// SPDX-License-Identifier: Apache-2.0
// What a topic is, whoever carries it: how a subscriber treats messages it is too slow for, what an
// endpoint may be told at its creation, what it tells about the others. Plain values.
#pragma once

#include <signet/base/time.hpp>
#include <signet/life/waiting.hpp>

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>

namespace signet::transport {

/// What happens to messages that a subscriber is too slow for. Each subscriber chooses.
enum class delivery {
    drop_oldest,  ///< the publisher goes on; what was overwritten is counted as lost
    block,        ///< the publisher waits for room; nothing is lost
    latest,       ///< only the newest; what is older by then is passed over, and counted as skipped
};

/// When the memory of messages is there. What is there cannot run out, and costs no page fault.
enum class paging {
    on_demand,   ///< when it is first used
    prefaulted,  ///< from the start: the ring, and a chunk for each message in it and each loan
    locked,      ///< likewise, and never swapped out; needs as much locked memory (ulimit -l)
};

/// The pages that messages lie in.
enum class page_size {
    standard,
    huge,  ///< of 2 MiB, which the system must have reserved (vm.nr_hugepages)
};

struct publisher_options {
    /// Messages the ring holds, rounded up to a power of two; 0: chosen by the size of a message.
    std::uint64_t depth = 0;

    /// The newest messages that are kept for subscribers who join late and ask for them; the ring
    /// is made deep enough.
    std::uint64_t history = 0;

    /// The largest message in bytes, where the type does not say it; 0: as large as there can be
    /// (4 GiB). Memory is set aside only when it is used.
    std::uint64_t payload_bytes_max = 0;

    /// Where the type does not say how large a message is: up to this many bytes no larger memory
    /// has to be made and handed to the subscribers meanwhile.
    std::uint64_t payload_bytes_typical = 1024;

    /// Loans that may be out at once.
    std::uint32_t loans_max = 2;

    /// Subscribers at once; the next one is refused.
    std::uint32_t subscribers_max = 1024;

    /// Samples that all subscribers together may hold in place; a large one's memory is set aside
    /// only when it is used. Where it is at least subscribers_max, one is kept for each that may
    /// still come.
    std::uint32_t held_total = 2048;

    /// Whether subscribers may choose delivery::block.
    bool allow_block = true;

    /// How long a subscriber with delivery::block may make this publisher wait, all in all; one
    /// that goes on is evicted. For ever by default: only its death or leave ends the waiting.
    std::chrono::nanoseconds stall_budget = std::chrono::nanoseconds::max();

    /// Whether each message says when it was published. It costs the publisher a look at the clock
    /// (some 20 ns), and the slot a word.
    bool timestamps = false;

    /// Whether memory is there before it is used. Chunks beyond those of a full ring, which
    /// subscribers that hold samples make necessary, are always made when they are first used.
    paging memory = paging::on_demand;

    /// Huge pages are all taken at creation, and only subscribers of the same user accept them.
    page_size pages = page_size::standard;

    life::wait_mode waiting = life::wait_mode::adaptive;
};

struct subscriber_options {
    delivery policy = delivery::drop_oldest;

    /// Messages published before it joined that it wants to see, per publisher, as far as they are
    /// still there.
    std::uint64_t history = 0;

    /// Large samples that may be held at once, per publisher.
    std::uint32_t held_max = 4;

    /// The shortest time between two samples it wants, all publishers together; the newest message
    /// is received when it is over. Only with delivery::latest.
    std::chrono::nanoseconds interval_min{0};

    /// The longest time it expects between two messages of a publisher. Each silence that lasts
    /// longer is an event, and counted; also when there is no publisher at all.
    std::chrono::nanoseconds message_due = std::chrono::nanoseconds::max();

    /// Whether this subscriber's view of a publisher's memory is there before it is used: as much
    /// of it as the publisher has taken when it is joined, so all where that is not on_demand.
    paging memory = paging::on_demand;

    life::wait_mode waiting = life::wait_mode::adaptive;
};

/// Something that happened at the other end.
struct topic_event {
    enum class kind {
        joined,
        left,     ///< in good order
        died,     ///< its process is gone
        refused,  ///< it declined us, or we declined it, for the reason given
        evicted,  ///< a subscriber held its publisher back for longer than that bears
        late,     ///< no message came when one was due
    };

    kind what;
    int pid;                 ///< 0 where this process cannot know it
    std::string command;     ///< for people
    std::uint64_t endpoint;  ///< the publisher's or subscriber's id; 0 where it did not get so far
    std::string reason;      ///< a sentence for people; empty for joined
    clock::time_point noticed;  ///< when this process noticed
};

/// A subscriber, as its publisher sees it.
struct subscriber_status {
    std::uint64_t endpoint;
    int pid;
    std::string command;
    delivery policy;
    std::uint64_t lag;                 ///< messages it has not reported to have read yet
    std::uint64_t lost;                ///< as it says
    std::uint64_t skipped;             ///< as it says
    std::uint32_t held;                ///< samples it holds in place now
    std::chrono::nanoseconds stalled;  ///< how long it made the publisher wait, all in all
};

/// A publisher, as a subscriber sees it.
struct publisher_status {
    std::uint64_t endpoint;
    int pid;
    std::string command;
    std::uint64_t received;
    std::uint64_t lost;
    std::uint64_t skipped;
    std::uint64_t lag;  ///< messages published, but not read yet
};

/// How long a call is willing to wait.
struct patience {
    deadline until = never;
    std::stop_token stop{};

    /// Returns at once.
    static patience none() { return {deadline::min(), {}}; }
};

}  // namespace signet::transport
