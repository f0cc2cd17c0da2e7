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
#include <signet/transport/shm/shared_memory.hpp>
#include <signet/transport/shm/subscriber_table.hpp>
#include <signet/transport/topic.hpp>
#include <signet/wire/descriptor.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

namespace signet::transport::shm {

/// A chunk lent to the user to write a message in.
struct chunk_loan {
    std::uint32_t chunk;
    std::byte* data;  ///< payload_bytes_max bytes, with whatever an earlier message left there
};

class topic_publisher final : public link::participant {
public:
    topic_publisher(std::shared_ptr<link::control_plane> plane, std::string topic,
                    const wire::type_descriptor& type, const publisher_options& options);
    ~topic_publisher() override;

    topic_publisher(const topic_publisher&) = delete;
    topic_publisher& operator=(const topic_publisher&) = delete;

    /// Publishes a message that fits a slot. False: no room before the patience ended.
    bool publish_inline(const void* payload, std::size_t bytes, const patience& limit) {
        check_process();
        if (!ring_.has_room() && !wait_for_room(limit)) return false;
        ring_.publish_inline(payload, bytes);
        data_bell_.notify();
        return true;
    }

    /// A chunk to write a larger message in; none where the patience ended first.
    std::optional<chunk_loan> loan(const patience& limit);

    /// Publishes a loan. False: no room before the patience ended; the loan stays with the caller.
    bool publish_loan(const chunk_loan& loan, std::size_t bytes, const patience& limit);

    /// Takes a loan back unpublished.
    void give_back(const chunk_loan& loan) noexcept;

    bool fits_slot(std::size_t bytes) const noexcept {
        return bytes <= ring_.geometry().inline_bytes_max();
    }

    std::size_t payload_bytes_max() const noexcept { return ring_.geometry().payload_bytes_max; }
    std::uint64_t published() const noexcept { return ring_.published(); }
    std::uint64_t id() const noexcept { return self_.endpoint; }

    std::size_t subscribers() const;

    /// Waits until at least `count` have joined. False: the patience ended first.
    bool wait_for_subscribers(std::size_t count, const patience& limit);

    std::optional<topic_event> try_event() { return events_.try_take(); }

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
    void wake() override { post(); }

private:
    void check_process() const {
        if (!made_here_.still()) plane_->check_process();
    }

    void post();
    bool wait_for_room(const patience& limit);
    bool find_room(const patience& limit);
    bool make_room();
    void reclaim(std::uint64_t frontier);
    std::uint64_t frontier_wanted(std::uint64_t floor);
    bool sleep_until_room(const patience& limit);
    int pauses_between_looks() const noexcept;
    std::optional<std::uint32_t> take_chunk();
    bool over(const patience& limit) const;

    void process_join(link::peer& from, const wire::frame_reader& frame,
                      std::vector<os::descriptor> descriptors);
    std::string join_objection(const wire::frame_reader& frame, errc& code) const;
    void refuse(link::peer& to, std::uint64_t endpoint, errc code, const std::string& reason);
    void admit(link::peer& from, const wire::frame_reader& frame, os::mapping page);
    std::uint32_t grant_for(std::uint32_t wanted) const;
    void welcome(link::peer& to, const subscriber_entry& entry);
    memory::bell_page& bells() const;

    // What each publish touches comes first.
    os::made_in_process made_here_;
    shared_memory segment_;
    memory::ring_writer ring_;
    life::fence_mode fencing_;
    shared_memory bells_;
    os::event data_event_;
    std::optional<os::event> room_event_;  ///< where the plane is driven by hand
    life::bell_ringer data_bell_;

    memory::chunk_pool pool_;  // the publishing thread's
    std::uint32_t loans_out_ = 0;
    std::uint64_t room_found_at_ = 0;  ///< the message that last had to look for room
    life::bell_sleeper room_bell_;
    life::spinner spinner_;
    life::notice notice_;

    mutable std::mutex table_mutex_;  // taken after the plane's lock, never before
    subscriber_table table_;
    event_log events_;

    std::shared_ptr<link::control_plane> plane_;
    std::string topic_;
    link::listing self_;
    wire::type_descriptor type_;
    publisher_options options_;
};

/// The shape of a segment for messages of up to `payload_bytes_max` bytes. Throws `error`
/// (bad_option) where the options do not fit together.
memory::topic_geometry choose_geometry(const publisher_options& options,
                                       std::uint64_t payload_bytes_max, const std::string& topic);

}  // namespace signet::transport::shm
