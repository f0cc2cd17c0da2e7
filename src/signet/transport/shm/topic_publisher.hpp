// SPDX-License-Identifier: Apache-2.0
// The publishing end of a topic in shared memory, untyped: a ring, a pool of chunks, a bell, and
// the table of subscribers that the control thread keeps. The protocol: docs/design/topic-ring.md.
//
// Thread safety: publishing belongs to one thread at a time; events, counts and waiting for
// subscribers may be used from any thread. Blocks only where a subscriber that blocks is behind,
// and then until there is room, the patience ends, or that subscriber leaves or dies. Throws
// `error` where memory runs out, and in a forked child.
#pragma once

#include <signet/base/error.hpp>
#include <signet/life/bell.hpp>
#include <signet/link/control_plane.hpp>
#include <signet/memory/broadcast_ring.hpp>
#include <signet/memory/chunk_pool.hpp>
#include <signet/os/event.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/transport/shm/event_log.hpp>
#include <signet/transport/shm/fair_mutex.hpp>
#include <signet/transport/shm/heel_pause.hpp>
#include <signet/transport/shm/shared_memory.hpp>
#include <signet/transport/shm/subscriber_table.hpp>
#include <signet/transport/topic.hpp>
#include <signet/wire/descriptor.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace signet::transport::shm {

/// A chunk lent to the user to write a message in.
struct chunk_loan {
    std::uint32_t chunk;
    std::byte* data;    ///< with whatever an earlier message left there
    std::size_t bytes;  ///< how many there are
};

class topic_publisher final : public link::participant {
public:
    topic_publisher(std::shared_ptr<link::control_plane> plane, std::string topic,
                    const wire::type_descriptor& type, const publisher_options& options,
                    std::uint64_t id = link::make_id());
    ~topic_publisher() override;

    topic_publisher(const topic_publisher&) = delete;
    topic_publisher& operator=(const topic_publisher&) = delete;

    /// Publishes a message that fits a slot. False: no room before the patience ended.
    bool publish_inline(const void* payload, std::size_t bytes, const patience& limit) {
        return publish_inline(payload, bytes, limit, [this] { return time_of_message(); });
    }

    /// The same with a time of somebody else's.
    template <class Time>
    bool publish_inline(const void* payload, std::size_t bytes, const patience& limit,
                        const Time& time) {
        check_process();
        if (!ring_.has_room() && !wait_for_room(limit)) return false;
        if (!fixed_size_) ring_.count_bytes(bytes);
        ring_.publish_inline(payload, bytes, time());
        data_bell_.notify();
        return true;
    }

    /// A chunk to write a message of up to `bytes` bytes in, which do not fit a slot; none where
    /// the patience ended first. Larger chunks are made where there are none as large yet. Throws
    /// `error` (too_large) above payload_bytes_max().
    std::optional<chunk_loan> loan(std::size_t bytes, const patience& limit) {
        check_process();
        const std::uint64_t chunk_bytes = ring_.chunk_bytes(0);
        if (bytes <= chunk_bytes && loans_out_ < options_.loans_max) {
            if (const auto chunk = pool_.take(0, order_of(chunk_bytes))) {
                ++loans_out_;
                return chunk_loan{*chunk, ring_.chunk(*chunk), chunk_bytes};
            }
        }
        return loan_slowly(bytes, limit);
    }

    /// Publishes a loan. False: no room before the patience ended; the loan stays with the caller.
    bool publish_loan(const chunk_loan& loan, std::size_t bytes, const patience& limit) {
        return publish_loan(loan, bytes, limit, [this] { return time_of_message(); });
    }

    /// The same with a time of somebody else's.
    template <class Time>
    bool publish_loan(const chunk_loan& loan, std::size_t bytes, const patience& limit,
                      const Time& time) {
        check_process();
        if (!ring_.has_room() && !wait_for_room(limit)) return false;
        --loans_out_;
        pool_.note(ring_.next(), loan.chunk);
        if (!fixed_size_) ring_.count_bytes(bytes);
        ring_.publish_chunk(loan.chunk, bytes, time());
        data_bell_.notify();
        prefetch_coming_chunk(memory::extent_of(loan.chunk), bytes);
        return true;
    }

    /// Takes a loan back unpublished.
    void give_back(const chunk_loan& loan) noexcept;

    bool fits_slot(std::size_t bytes) const noexcept {
        return bytes <= ring_.geometry().inline_bytes_max();
    }

    std::size_t payload_bytes_max() const noexcept { return ring_.geometry().payload_bytes_max; }
    std::uint64_t depth() const noexcept { return ring_.geometry().depth; }
    std::uint64_t published() const noexcept { return ring_.published(); }
    std::uint64_t id() const noexcept { return self_.endpoint; }

    std::size_t subscribers() const;
    std::vector<subscriber_status> statuses() const;
    const wire::type_descriptor& type() const noexcept { return type_; }

    /// Waits until at least `count` have joined. False: the patience ended first.
    bool wait_for_subscribers(std::size_t count, const patience& limit);

    std::optional<topic_event> try_event() { return events_.try_take(); }

    /// Adds an event about one who did not get as far as this engine. Any thread.
    void tell(topic_event event) {
        events_.add(std::move(event));
        notice_.post();
    }

    // For a wait over several endpoints (publisher_watch.hpp); the publishing thread's.

    /// Whether the next message has room.
    bool room() {
        check_process();
        return ring_.has_room() || make_room();
    }

    /// Arms the bell of room, for a wait on its word or on room_event(); look again after it.
    os::futex_waiter arm_room() { return room_bell_.arm(); }
    void arm_room_event() { room_bell_.arm_event(); }
    void disarm_room() { room_bell_.disarm(); }

    /// Changes whenever somebody joined, left or was refused, or everything stopped.
    os::futex_waiter notices() const { return notice_.watch(); }

    /// Signalled for room, once armed, and with each notice. Drained by who waits.
    os::event& room_event() noexcept { return room_event_; }

    bool stopped() const noexcept { return plane_->stopped(); }
    const std::shared_ptr<link::control_plane>& plane() const noexcept { return plane_; }

    // link::participant
    const std::string& topic() const override { return topic_; }
    link::listing self() const override { return self_; }
    void found(link::peer& from, std::string_view topic, std::uint64_t endpoint) override;
    void received(link::peer& from, const wire::frame_reader& frame,
                  std::vector<os::descriptor> descriptors) override;
    void fell_short(link::peer& from, std::uint64_t subscriber, const error& why) override;
    std::string topic_with(std::uint64_t) const override { return topic_; }
    bool gone(link::peer& who, const link::departure& how) override;
    void dead(link::peer& who) override;
    void declined(const link::peer& who, const link::refusal& why) override;
    void distrusted(const link::peer_identity& who, const std::string& reason) override;
    void farewell() override;
    void describe(wire::frame_writer& report) const override;
    std::vector<link::shown_page> pages() const override;
    void wake() override { post(); }

private:
    void check_process() const {
        if (!made_here_.still()) plane_->check_process();
    }

    std::uint64_t time_of_message() const {
        if (!ring_.timed()) return 0;
        return static_cast<std::uint64_t>(clock::now().time_since_epoch().count());
    }

    void post();
    bool over(const patience& limit) const;

    // Room in the ring (topic_room.cpp).
    bool wait_for_room(const patience& limit);
    bool wait_until(const patience& limit, const std::function<bool()>& found);
    bool sleep_until(const patience& limit, const std::function<bool()>& found);
    bool make_room();
    void reclaim(std::uint64_t frontier);
    std::uint64_t frontier_wanted(std::uint64_t floor);
    int pauses_between_looks() const noexcept;
    deadline next_eviction() const;
    deadline charge_for(clock::time_point since);
    void evict(const std::vector<std::uint64_t>& endpoints);
    void settle_passing();

    // Chunks (topic_chunks.cpp).
    std::uint32_t extent_for(std::size_t bytes);
    std::uint32_t grow(std::size_t bytes);
    std::optional<chunk_loan> loan_slowly(std::size_t bytes, const patience& limit);

    // A processor fetches ahead within a page or two. Small chunks do best in the order of their
    // addresses, all of them in turn, which also leaves the subscribers' lines with them; large
    // ones while they are warm.
    static memory::reuse order_of(std::uint64_t chunk_bytes) noexcept {
        constexpr std::uint64_t bytes_of_small = std::uint64_t{16} << 10;
        return chunk_bytes < bytes_of_small ? memory::reuse::oldest : memory::reuse::newest;
    }

    void prefetch_coming_chunk(std::uint32_t extent, std::size_t bytes) const {
        // The next messages will be about as large as this one, and their lines are with some
        // subscriber.
        constexpr std::size_t bytes_ahead = 1024;
        const auto chunk = pool_.soon(extent, order_of(ring_.chunk_bytes(extent)));
        if (!chunk) return;
        const std::byte* const begin = ring_.chunk(*chunk);
        for (std::size_t at = 0; at < std::min(bytes, bytes_ahead); at += memory::line_bytes) {
            memory::prefetch_to_write(begin + at);
        }
    }
    std::optional<std::uint32_t> take_chunk(std::uint32_t extent);
    std::optional<std::uint32_t> take_fresh_chunk(std::uint32_t extent);
    void count_memory(std::uint64_t bytes);

    void process_join(link::peer& from, const wire::frame_reader& frame,
                      std::vector<os::descriptor> descriptors);
    std::string join_objection(const wire::frame_reader& frame, errc& code) const;
    void refuse(link::peer& to, std::uint64_t endpoint, errc code, const std::string& reason);
    void admit(link::peer& from, const wire::frame_reader& frame, os::mapping page);
    std::uint64_t first_message(std::uint64_t history) const;
    std::uint32_t grant_for(std::uint32_t wanted) const;
    void welcome(link::peer& to, const subscriber_entry& entry);
    void hand_over_extent(const subscriber_entry& to, std::uint32_t number);
    memory::bell_page& bells() const;

    // What each publish touches comes first.
    os::made_in_process made_here_;
    shared_memory segment_;
    memory::ring_writer ring_;
    const bool fixed_size_;
    life::fence_mode fencing_;
    shared_memory bells_;
    os::event data_event_;
    os::event room_event_;
    life::bell_ringer data_bell_;

    memory::chunk_pool pool_;             // the publishing thread's
    std::vector<shared_memory> extents_;  // further chunks; grows under both locks
    std::uint64_t memory_bytes_ = 0;      ///< that have memory behind them
    std::uint64_t chunks_set_aside_ = 0;  ///< of the first extent, with memory since creation
    std::uint32_t loans_out_ = 0;
    std::uint64_t room_found_at_ = 0;  ///< the message that last had to look for room
    heel_pause heels_;
    std::uint64_t waits_ = 0;
    std::uint64_t waited_ns_ = 0;
    std::uint64_t evicted_ = 0;
    bool passing_ = false;  ///< guarded by the table's mutex
    life::bell_sleeper room_bell_;
    life::spinner spinner_;
    life::notice notice_;

    mutable fair_mutex table_mutex_;  // taken after the plane's lock, never before
    subscriber_table table_;
    event_log events_;

    std::shared_ptr<link::control_plane> plane_;
    std::string topic_;
    link::listing self_;
    wire::type_descriptor type_;
    publisher_options options_;
};

/// The shape of a segment for messages of this type. Throws `error` (bad_option) where the options
/// do not fit together.
memory::topic_geometry choose_geometry(const publisher_options& options,
                                       const wire::type_descriptor& type, const std::string& topic);

}  // namespace signet::transport::shm
