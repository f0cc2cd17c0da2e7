// SPDX-License-Identifier: Apache-2.0
#include <signet/observe/watch.hpp>

#include <signet/observe/survey.hpp>

#include <algorithm>
#include <map>

namespace signet::observe {
namespace {

std::uint64_t told(const memory::shared_word<std::uint64_t>& word) {
    return word.load(std::memory_order_relaxed);  // relaxed: a count, which orders nothing
}

std::chrono::nanoseconds duration_of(std::uint64_t ns) {
    constexpr auto most = static_cast<std::uint64_t>(std::chrono::nanoseconds::max().count());
    return std::chrono::nanoseconds{static_cast<std::int64_t>(std::min(ns, most))};
}

std::uint64_t payload_bytes(const endpoint& one, const memory::segment_header& page,
                            std::uint64_t published) {
    if (one.type && one.type->has_fixed_size()) return published * one.type->size();
    return told(page.bytes);
}

publication read_publication(const owner& whose, const endpoint& one, const counted_page& known) {
    const memory::segment_header& page = known.of_publisher();
    const std::uint64_t published = told(page.published);
    return {.of = whose,
            .published = published,
            .bytes = payload_bytes(one, page, published),
            .waits = told(page.counts.waits),
            .waited = duration_of(told(page.counts.waited_ns)),
            .evicted = told(page.counts.evicted),
            .memory_bytes = told(page.counts.memory_bytes),
            .limbo_chunks = told(page.counts.limbo_chunks),
            .extents = told(page.counts.extents),
            .depth = one.publishing.depth};
}

std::vector<held_message> read_holds(const counted_page& known, clock::time_point now) {
    const memory::subscriber_page& page = known.of_subscriber();
    const auto instant = static_cast<std::uint64_t>(now.time_since_epoch().count());
    std::vector<held_message> held;
    for (std::uint32_t i = 0; i < known.held_max; ++i) {
        const std::uint64_t hazard = told(page.hazard[i]);
        if (hazard == 0) continue;
        // Looked at only where something is held: its page has no memory otherwise.
        const std::uint64_t since = std::min(told(page.since[i]), instant);
        held.push_back({hazard - 1, duration_of(since == 0 ? 0 : instant - since)});
    }
    const std::uint64_t cursor = told(page.cursor);
    if (told(page.opened) > cursor) held.push_back({cursor, {}});
    std::sort(held.begin(), held.end(),
              [](const held_message& a, const held_message& b) { return a.age > b.age; });
    return held;
}

std::optional<latency_histogram> read_latency(const counted_page& known) {
    if (!known.timed) return std::nullopt;
    latency_histogram ages;
    std::transform(std::begin(known.of_subscriber().latency),
                   std::end(known.of_subscriber().latency), ages.counts.begin(), told);
    return ages;
}

subscription read_subscription(const owner& whose, const endpoint& one, const counted_page& known,
                               clock::time_point now) {
    const memory::subscriber_page& page = known.of_subscriber();
    const std::uint64_t cursor = told(page.cursor);
    const bool finished = cursor == memory::cursor_abandoned;
    subscription read{.of = whose,
                      .publisher = *known.publisher,
                      .policy = one.receiving.policy,
                      .lost = told(page.lost),
                      .skipped = told(page.skipped),
                      .finished = finished,
                      .held_max = known.held_max,
                      .held = read_holds(known, now),
                      .latency = read_latency(known)};
    const std::uint64_t passed = told(page.start) + read.lost + read.skipped;
    const std::uint64_t opened = std::max(told(page.opened), cursor);
    if (!finished) read.received = opened - std::min(passed, opened);
    read.recent = read.latency;
    if (!finished) read.lag = opened;  // until its publisher is found
    return read;
}

}  // namespace

class watch::state {
public:
    explicit state(std::string directory) : directory_{std::move(directory)} {}

    void refresh(std::chrono::milliseconds limit) {
        names_ = names_in(directory_);
        auto [seen, pages] = inspect_closely(directory_, limit);
        for (participant_process& process : seen.processes) {
            if (!process.problem.empty()) keep_known(process, pages);
        }
        seen_ = std::move(seen);
        pages_ = std::move(pages);
        refreshed_ = clock::now();
    }

    bool due(std::chrono::nanoseconds period) const {
        return clock::now() - refreshed_ >= period || names_in(directory_) != names_;
    }

    reading take() const {
        reading all{.taken = clock::now(), .processes = seen_.processes.size()};
        for (const participant_process& process : seen_.processes) add(all, process);
        find_lags(all);
        return all;
    }

    const snapshot& seen() const noexcept { return seen_; }

private:
    /// One that does not answer now, but did before: its memory is as readable as ever.
    void keep_known(participant_process& process, context_pages& pages) {
        const auto before = pages_.find(process.context);
        const auto known =
            std::find_if(seen_.processes.begin(), seen_.processes.end(),
                         [&](const auto& other) { return other.context == process.context; });
        if (before == pages_.end() || known == seen_.processes.end()) return;
        pages[process.context] = std::move(before->second);
        process.endpoints = std::move(known->endpoints);
    }

    void add(reading& all, const participant_process& process) const {
        const auto pages = pages_.find(process.context);
        for (const endpoint& one : process.endpoints) {
            const owner whose{one.id, one.topic, process.pid, process.command, process.problem};
            bool any = false;
            if (pages != pages_.end()) any = add_pages(all, whose, one, pages->second);
            if (any) continue;
            all.bystanders.push_back({whose, one.side == link::role::publisher});
        }
    }

    static bool add_pages(reading& all, const owner& whose, const endpoint& one,
                          const std::vector<counted_page>& pages) {
        bool any = false;
        for (const counted_page& page : pages) {
            if (page.endpoint != one.id) continue;
            if (page.publisher.has_value() == (one.side == link::role::publisher)) continue;
            if (page.publisher) {
                all.subscriptions.push_back(read_subscription(whose, one, page, all.taken));
            } else {
                all.publications.push_back(read_publication(whose, one, page));
            }
            any = true;
        }
        return any;
    }

    /// From cursors to lags: a cursor beyond what was published is a lie, or a later moment.
    static void find_lags(reading& all) {
        std::map<std::uint64_t, publication*> publishers;
        for (publication& one : all.publications) publishers[one.of.endpoint] = &one;
        for (subscription& one : all.subscriptions) {
            const auto found = publishers.find(one.publisher);
            if (found == publishers.end()) {
                one.lag.reset();
                continue;
            }
            publication& from = *found->second;
            ++from.subscriptions;
            if (one.lag) one.lag = from.published - std::min(*one.lag, from.published);
            one.of.topic = from.of.topic;
        }
    }

    std::string directory_;
    std::vector<std::string> names_;
    clock::time_point refreshed_{};
    snapshot seen_;
    context_pages pages_;
};

watch::watch(std::string directory) : state_{std::make_unique<state>(std::move(directory))} {}
watch::watch(watch&&) noexcept = default;
watch& watch::operator=(watch&&) noexcept = default;
watch::~watch() = default;

void watch::refresh(std::chrono::milliseconds limit) {
    state_->refresh(limit);
}

bool watch::refresh_if_due(std::chrono::nanoseconds period) {
    if (!state_->due(period)) return false;
    state_->refresh(answer_limit);
    return true;
}

reading watch::take() const {
    return state_->take();
}

const snapshot& watch::seen() const noexcept {
    return state_->seen();
}

}  // namespace signet::observe
