// SPDX-License-Identifier: Apache-2.0
#include <tour/listening_post.hpp>

#include <signet/os/process.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace tour {
namespace {

constexpr std::int64_t stale_ns = 3'000'000'000;

}  // namespace

listening_post::listening_post(const std::string& tour, tally& books, hash_book& hashes)
    : books_{books},
      hashes_{hashes},
      hash_ear_{{context_, topic_of(tour, "hashes"), {.policy = signet::delivery::block}},
                reception{reception::gaps::forbidden}},
      stats_ear_{{context_, topic_of(tour, "stats")}, reception{reception::gaps::expected}},
      telemetry_ear_{{context_, topic_of(tour, "telemetry")},
                     reception{reception::gaps::expected}} {}

void listening_post::gather() {
    gather_from(stats_ear_, [&](const role_stats& news) { take(news); });
    const auto hashed = gather_from(hash_ear_, [&](const file_hash& news) { hashes_.note(news); });
    books_.hashes_ended(signet::os::current_pid(), hashed.ends);
    gather_from(telemetry_ear_, [&](const telemetry& news) { take(news); });
}

template <class T, class Handle>
role_stats listening_post::gather_from(ear<T>& from, Handle&& handle) {
    while (const auto event = from.in.try_event()) {
        from.books.note(*event);
        if (event->what == signet::topic_event::kind::died) {
            books_.noticed(event->pid, signet::os::current_pid(), to_ns(event->noticed));
        }
    }
    while (const auto next = from.in.try_receive()) {
        const bool sound = whole(*next);
        from.books.note(
            {next.publisher(), next.number(), next->number, next->sent_ns, sizeof(T), sound},
            now_ns());
        if (sound) handle(*next);
    }
    from.books.note_empty();
    role_stats now{};
    from.books.fill(now);
    books_.received_here(from.in.topic(), now);
    return now;
}

void listening_post::take(const role_stats& stats) {
    if (!books_.heard(stats) || stats.role >= role_count) return;
    meters_[stats.role].note(stats);
}

void listening_post::take(const telemetry& news) {
    machine_ = news;
    if (news.pid == 0) return;
    uses_[news.pid] = {get_text(news.command), news.cpu_permille, news.sent_ns};
}

std::string listening_post::busiest() const {
    const use* most = nullptr;
    for (const auto& [pid, one] : uses_) {
        if (now_ns() - one.when_ns > stale_ns) continue;
        if (most == nullptr || one.permille > most->permille) most = &one;
    }
    return most == nullptr ? "-" : fmt::format("{}, {} %", most->command, most->permille / 10);
}

}  // namespace tour
