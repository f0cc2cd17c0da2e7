// SPDX-License-Identifier: Apache-2.0
// Where a publisher's next message goes when the ring is full: what subscribers are done with is
// given up, and where one that blocks is behind, the publisher waits, up to its stall budget. Runs
// in the publishing thread. M1 to M6: docs/design/topic-ring.md.
#include <signet/os/membarrier.hpp>
#include <signet/transport/shm/plane_wait.hpp>
#include <signet/transport/shm/topic_publisher.hpp>

#include <algorithm>
#include <array>

namespace signet::transport::shm {

bool topic_publisher::wait_for_room(const patience& limit) {
    if (limit.until != deadline::min()) heels_.pause(ring_.next() - room_found_at_);
    room_found_at_ = ring_.next();
    return make_room() || wait_until(limit, [this] { return make_room(); });
}

std::uint64_t topic_publisher::frontier_wanted(std::uint64_t floor) {
    // With only blocking subscribers everything they are done with is given up, so that the chunks
    // come back while they are warm; otherwise the ring is kept as full as it can be.
    const memory::topic_geometry& g = ring_.geometry();
    const bool early = !table_.empty() && table_.all_block();
    const std::uint64_t end = ring_.next() + (early ? 0 : g.batch());
    const std::uint64_t kept = early ? options_.history : g.depth;
    return std::min(floor, end > kept ? end - kept : 0);
}

bool topic_publisher::make_room() {
    table_mutex_.lock_after_others();
    const std::lock_guard locked{table_mutex_, std::adopt_lock};
    reclaim(frontier_wanted(table_.blocking_floor(ring_.next())));
    ring_.open_room();
    return ring_.has_room();
}

void topic_publisher::reclaim(std::uint64_t frontier) {
    const std::uint64_t before = ring_.frontier();
    if (frontier > before) ring_.advance_frontier(frontier);
    pool_.retire(before, std::max(before, frontier), table_.held());
    // relaxed: for onlookers only
    ring_.counts().limbo_chunks.store(pool_.limbo_count(), std::memory_order_relaxed);
}

int topic_publisher::pauses_between_looks() const noexcept {
    // Each look takes the line of the cursor from the subscriber that is about to write it. In a
    // deep ring there is time for it to read a good many messages between two looks.
    constexpr std::uint64_t messages_per_pause = 64;
    constexpr std::uint64_t pauses_max = 32;
    const std::uint64_t pauses = ring_.geometry().depth / messages_per_pause;
    return static_cast<int>(std::clamp<std::uint64_t>(pauses, 1, pauses_max));
}

bool topic_publisher::over(const patience& limit) const {
    return limit.stop.stop_requested() || plane_->stopped();
}

bool topic_publisher::wait_until(const patience& limit, const std::function<bool()>& found) {
    if (limit.until == deadline::min()) return false;
    clock::time_point since = clock::now();
    for (;;) {
        const patience bit{std::min(limit.until, next_eviction()), limit.stop};
        const bool there = sleep_until(bit, found);
        since = charge_for(since);
        if (there || found()) return true;  // an eviction makes room too
        if (over(limit) || since >= limit.until) return false;
    }
}

bool topic_publisher::sleep_until(const patience& limit, const std::function<bool()>& found) {
    bool there = false;
    const auto look = [&] { return (there = found()) || over(limit); };
    if (spinner_.spin(look, limit.until, pauses_between_looks())) return there;
    const std::stop_callback stopper{limit.stop, [this] { post(); }};
    const os::futex_waiter noticed = notice_.watch();
    if (plane_->manual()) {
        room_event_.drain();  // nobody else reads it
        room_bell_.arm_event();
    }
    const std::array words{plane_->manual() ? noticed : room_bell_.arm(), noticed};
    if (!look()) {
        spinner_.learn_from([&] {
            if (plane_->manual()) {
                sleep_in_plane(*plane_, room_event_.fd(), noticed, limit.until);
            } else {
                os::futex_wait_any(words, limit.until);
            }
        });
    }
    room_bell_.disarm();
    return there;
}

deadline topic_publisher::next_eviction() const {
    if (options_.stall_budget == std::chrono::nanoseconds::max()) return never;
    const std::lock_guard locked{table_mutex_};
    return after(table_.budget_left(options_.stall_budget));
}

deadline topic_publisher::charge_for(clock::time_point since) {
    const clock::time_point now = clock::now();
    std::vector<std::uint64_t> evicted;
    {
        const std::lock_guard locked{table_mutex_};
        evicted = table_.charge(now - since, options_.stall_budget);
        settle_passing();
    }
    memory::publisher_counts& told = ring_.counts();
    const auto waited = static_cast<std::uint64_t>((now - since).count());
    // relaxed, both: this thread's own counts, for onlookers only
    told.waits.store(++waits_, std::memory_order_relaxed);
    told.waited_ns.store(waited_ns_ += waited, std::memory_order_relaxed);
    if (!evicted.empty()) evict(evicted);
    return now;
}

void topic_publisher::evict(const std::vector<std::uint64_t>& endpoints) {
    const std::string reason = "it made the publisher wait for longer than its stall_budget";
    const auto plane_locked = plane_->lock();
    const std::lock_guard locked{table_mutex_};
    for (const std::uint64_t endpoint : endpoints) {
        const subscriber_entry* const entry = table_.find(endpoint);
        if (entry == nullptr) continue;  // it left meanwhile
        plane_->send(*entry->peer, wire::frame_writer{link::kind::evict}
                                       .put(link::key::to, endpoint)
                                       .put(link::key::from, self_.endpoint)
                                       .put(link::key::reason, reason)
                                       .take());
        events_.add(topic_event::kind::evicted, entry->peer->identity, endpoint, reason);
    }
    evicted_ += endpoints.size();
    // relaxed: for onlookers only
    ring_.counts().evicted.store(evicted_, std::memory_order_relaxed);
    notice_.post();
}

// Under the table's mutex, after each change of who is evicted and before the frontier moves.
void topic_publisher::settle_passing() {
    if (passing_ == table_.passes_some()) return;
    passing_ = !passing_;
    ring_.let_pass(passing_);
    // Without barriers no subscriber relies on its cursor.
    if (passing_ && fencing_ == life::fence_mode::on_demand) os::membarrier_all_processes();
}

}  // namespace signet::transport::shm
