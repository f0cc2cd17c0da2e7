// SPDX-License-Identifier: Apache-2.0
// The books of a tour: who lived when, who died by whose hand, who noticed it and when, and whether
// what had been promised arrived. Plain arithmetic over what it is told; one thread.
#pragma once

#include <tour/messages.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tour {

/// One process of the tour, from its start to its end. Times are as they travel; 0: not yet.
struct life {
    role_id role{};
    std::int64_t started_ns = 0;
    std::int64_t heard_ns = 0;   ///< of it first
    std::int64_t killed_ns = 0;  ///< by the tour, just before the signal was sent
    std::int64_t ended_ns = 0;
    std::uint64_t promised = 0;  ///< messages for which its publish() had returned
    bool violent = false;        ///< it did not end by itself
    std::set<int> noticed_by{};  ///< pids
    role_stats latest{};
};

/// Sums over all processes.
struct totals {
    std::uint64_t kills_by_tour = 0;
    std::uint64_t kills_by_others = 0;
    std::uint64_t restarts = 0;  ///< that led to a process that was heard of
    std::uint64_t failures = 0;  ///< processes that ended by themselves, with an error
    std::uint64_t messages = 0;  ///< received
    std::uint64_t bytes = 0;     ///< received
    std::uint64_t torn = 0;
    std::uint64_t missing = 0;  ///< gaps where nothing may be lost
    std::uint64_t repeated = 0;
    std::uint64_t dropped = 0;    ///< gaps where losses were chosen
    std::uint64_t promises = 0;   ///< how often promised and received were compared
    std::uint64_t broken = 0;     ///< messages that were promised and not received
    std::uint64_t unnoticed = 0;  ///< deaths that nobody was told of
};

class tally {
public:
    // What happens.
    void started(role_id role, int pid, std::int64_t when);
    void killed(int pid, std::int64_t when);

    /// Its status was taken. `promised`: as the ledger has it.
    void ended(int pid, std::int64_t when, bool violent, bool failed, std::uint64_t promised);

    /// A report came. False: of a process unknown here.
    bool heard(const role_stats& stats);

    /// What the conductor itself received of `topic`.
    void received_here(const std::string& topic, const role_stats& books);

    /// The hasher's ends, as the conductor saw them: it may lose none of its hashes.
    void hashes_ended(int own_pid, std::span<const seen_end> ends) {
        judge(own_pid, role_id::hasher, ends);
    }

    /// The library told `observer` that `pid` died.
    void noticed(int pid, int observer, std::int64_t when);

    // What is known.
    totals sums() const;
    std::uint64_t kills_of(role_id role) const;
    const life* find(int pid) const;

    /// From the tour's kill to each notice of it, in ascending order.
    std::vector<std::int64_t> notice_delays() const;

    /// From the tour's kill to the first word of the process that took its place.
    const std::vector<std::int64_t>& return_delays() const noexcept { return returns_; }

    /// Messages received by role, all its processes together.
    std::uint64_t messages_of(role_id role) const;

private:
    void absorb(role_stats& known, const role_stats& now);
    void judge(int observer, role_id promiser, std::span<const seen_end> ends);
    void judge_one(int observer, const seen_end& end);
    void note_absence(const life& dead);
    void first_word(life& newcomer);
    void forget_old();

    std::map<int, life> lives_;
    std::map<std::string, role_stats> own_;
    /// A role whose processes died since it was heard of last.
    struct absence {
        std::int64_t since_ns = 0;  ///< the first death
        std::uint64_t deaths = 0;
    };
    std::map<role_id, absence> gone_;
    std::set<std::pair<int, int>> judged_;  ///< observer and dead
    std::vector<int> order_;                ///< of deaths
    std::vector<std::int64_t> delays_;
    std::vector<std::int64_t> returns_;
    std::map<role_id, std::uint64_t> kills_;
    std::map<role_id, std::uint64_t> messages_;
    totals sums_;
};

/// The middle one of sorted numbers, the upper one of two; 0 of none.
std::int64_t median_of(const std::vector<std::int64_t>& sorted);

}  // namespace tour
