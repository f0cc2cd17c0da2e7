// SPDX-License-Identifier: Apache-2.0
#include <tour/tally.hpp>

#include <algorithm>

namespace tour {
namespace {

constexpr std::size_t deaths_kept = 64;  // in a tour without end; reports come within a second

/// Whose every message this role must receive.
std::optional<role_id> promiser_to(role_id observer) {
    if (observer == role_id::viewer_block) return role_id::sampler;
    if (observer == role_id::hasher) return role_id::archiver;
    return std::nullopt;
}

}  // namespace

std::int64_t median_of(const std::vector<std::int64_t>& sorted) {
    return sorted.empty() ? 0 : sorted[sorted.size() / 2];
}

void tally::started(role_id role, int pid, std::int64_t when) {
    life& newcomer = lives_[pid] = {};
    newcomer.role = role;
    newcomer.started_ns = when;
}

void tally::killed(int pid, std::int64_t when) {
    const auto known = lives_.find(pid);
    if (known == lives_.end()) return;
    known->second.killed_ns = when;
    ++kills_[known->second.role];
    ++sums_.kills_by_tour;
}

void tally::ended(int pid, std::int64_t when, bool violent, bool failed, std::uint64_t promised) {
    const auto known = lives_.find(pid);
    if (known == lives_.end()) return;
    life& dead = known->second;
    dead.ended_ns = when;
    dead.promised = promised;
    dead.violent = violent;
    if (violent && dead.killed_ns == 0) ++sums_.kills_by_others;
    if (failed) ++sums_.failures;
    if (violent || failed) note_absence(dead);
    order_.push_back(pid);
    if (order_.size() > deaths_kept) forget_old();
}

bool tally::heard(const role_stats& stats) {
    const auto known = lives_.find(stats.pid);
    if (known == lives_.end()) return false;
    life& speaker = known->second;
    if (speaker.heard_ns == 0) {
        speaker.heard_ns = stats.sent_ns;
        first_word(speaker);
    }
    const bool receives = speaker.role != role_id::sampler && speaker.role != role_id::archiver;
    messages_[speaker.role] += stats.messages - speaker.latest.messages;
    if (receives) absorb(speaker.latest, stats);
    speaker.latest = stats;
    for (const seen_end& end : stats.ends) {
        if (end.pid != 0 && end.died != 0) noticed(end.pid, stats.pid, end.noticed_ns);
    }
    if (const auto promiser = promiser_to(speaker.role)) judge(stats.pid, *promiser, stats.ends);
    return true;
}

void tally::received_here(const std::string& topic, const role_stats& books) {
    absorb(own_[topic], books);
    own_[topic] = books;
}

void tally::absorb(role_stats& known, const role_stats& now) {
    sums_.messages += now.messages - known.messages;
    sums_.bytes += now.bytes - known.bytes;
    sums_.torn += now.torn - known.torn;
    sums_.missing += now.missing - known.missing;
    sums_.repeated += now.repeated - known.repeated;
    sums_.dropped += now.dropped - known.dropped;
}

void tally::note_absence(const life& dead) {
    absence& role = gone_[dead.role];
    if (++role.deaths == 1) role.since_ns = dead.killed_ns != 0 ? dead.killed_ns : dead.ended_ns;
}

void tally::first_word(life& newcomer) {
    const auto before = gone_.find(newcomer.role);
    if (before == gone_.end()) return;
    sums_.restarts += before->second.deaths;
    returns_.push_back(newcomer.heard_ns - before->second.since_ns);
    gone_.erase(before);
}

void tally::noticed(int pid, int observer, std::int64_t when) {
    const auto known = lives_.find(pid);
    if (known == lives_.end()) return;
    life& dead = known->second;
    if (!dead.noticed_by.insert(observer).second || dead.killed_ns == 0) return;
    delays_.push_back(when - dead.killed_ns);
}

void tally::judge(int observer, role_id promiser, std::span<const seen_end> ends) {
    for (const seen_end& end : ends) {
        const auto known = lives_.find(end.pid);
        if (known == lives_.end() || known->second.role != promiser) continue;
        judge_one(observer, end);
    }
}

// Of a publisher that this receiver joined too late to get anything from, nothing can be said.
void tally::judge_one(int observer, const seen_end& end) {
    const life& dead = lives_.at(end.pid);
    if (end.settled == 0 || end.through == 0 || dead.ended_ns == 0) return;
    if (!judged_.insert({observer, end.pid}).second) return;
    ++sums_.promises;
    if (end.through < dead.promised) sums_.broken += dead.promised - end.through;
}

void tally::forget_old() {
    const auto forgotten = lives_.find(order_.front());
    if (forgotten != lives_.end()) {
        const life& old = forgotten->second;
        if (old.violent && old.heard_ns != 0 && old.noticed_by.empty()) ++sums_.unnoticed;
        std::erase_if(judged_, [&](const auto& pair) { return pair.second == order_.front(); });
        lives_.erase(forgotten);
    }
    order_.erase(order_.begin());
}

totals tally::sums() const {
    totals all = sums_;
    for (const auto& [pid, one] : lives_) {
        if (one.violent && one.heard_ns != 0 && one.noticed_by.empty()) ++all.unnoticed;
    }
    return all;
}

std::uint64_t tally::kills_of(role_id role) const {
    const auto known = kills_.find(role);
    return known == kills_.end() ? 0 : known->second;
}

std::uint64_t tally::messages_of(role_id role) const {
    const auto known = messages_.find(role);
    return known == messages_.end() ? 0 : known->second;
}

const life* tally::find(int pid) const {
    const auto known = lives_.find(pid);
    return known == lives_.end() ? nullptr : &known->second;
}

std::vector<std::int64_t> tally::notice_delays() const {
    std::vector<std::int64_t> sorted = delays_;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
}

}  // namespace tour
