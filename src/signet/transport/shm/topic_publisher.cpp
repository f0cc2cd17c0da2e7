// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/topic_publisher.hpp>

#include <signet/os/memory_limits.hpp>
#include <signet/transport/shm/memory_plan.hpp>
#include <signet/transport/shm/plane_wait.hpp>

#include <utility>

namespace signet::transport::shm {
namespace {

memory::bell_page& bells_in(const shared_memory& memory) {
    return *reinterpret_cast<memory::bell_page*>(memory.bytes.data());
}

shared_memory create_segment(const memory::topic_geometry& g, const publisher_options& options,
                             const std::string& topic) {
    const memory_plan plan = plan_for(g, options);
    require_memory(plan, os::current_memory_limits(), topic);
    shared_memory segment = create_own_memory("signet-topic", g.segment_bytes(), options.pages);
    make_present(segment, 0, plan.segment_bytes_at_creation(), options.memory);
    return segment;
}

shared_memory create_bells(life::fence_mode fencing, paging how) {
    shared_memory memory = create_group_memory("signet-bells", memory::page_bytes);
    make_present(memory, 0, memory::page_bytes, how);
    // Sleepers of the data bell that cannot make a barrier are dealt with when they join; the only
    // sleeper of the room bell is this process.
    if (fencing == life::fence_mode::always) life::always_fence(bells_in(memory).room);
    return memory;
}

}  // namespace

topic_publisher::topic_publisher(std::shared_ptr<link::control_plane> plane, std::string topic,
                                 const wire::type_descriptor& type,
                                 const publisher_options& options, std::uint64_t id)
    : segment_{create_segment(choose_geometry(options, type, topic), options, topic)},
      ring_{segment_.bytes.data(), choose_geometry(options, type, topic)},
      fixed_size_{type.has_fixed_size()},
      fencing_{life::fencing_of_this_process()},
      bells_{create_bells(fencing_, options.memory)},
      data_bell_{bells_in(bells_).data, &data_event_.handle(), fencing_, life::clearing::by_ringer},
      pool_{ring_.geometry()},
      heels_{ring_.geometry().depth / 16, 1},
      room_bell_{bells_in(bells_).room, fencing_},
      spinner_{options.waiting},
      plane_{std::move(plane)},
      topic_{std::move(topic)},
      self_{link::role::publisher, plane_->id(), id},
      type_{type},
      options_{options} {
    const memory_plan plan = plan_for(ring_.geometry(), options_);
    count_memory(plan.bytes_at_creation);
    chunks_set_aside_ = plan.chunks_at_creation;
    // relaxed: nobody has the segment yet
    ring_.counts().extents.store(ring_.extents(), std::memory_order_relaxed);
    notice_.signals(room_event_.handle());
    plane_->add(*this);
}

topic_publisher::~topic_publisher() {
    plane_->remove(*this);
}

memory::bell_page& topic_publisher::bells() const {
    return bells_in(bells_);
}

// ---- the publishing thread ----------------------------------------------------------------------

void topic_publisher::give_back(const chunk_loan& loan) noexcept {
    --loans_out_;
    pool_.give_back(loan.chunk);
}

// ---- any thread ---------------------------------------------------------------------------------

void topic_publisher::post() {
    notice_.post();
    if (plane_->manual()) plane_->wake();  // whoever waits does so in the plane's set
}

std::size_t topic_publisher::subscribers() const {
    const std::lock_guard locked{table_mutex_};
    return table_.size();
}

std::vector<subscriber_status> topic_publisher::statuses() const {
    const std::lock_guard locked{table_mutex_};
    return table_.statuses(ring_.published());
}

bool topic_publisher::wait_for_subscribers(std::size_t count, const patience& limit) {
    check_process();
    const std::stop_callback stopper{limit.stop, [this] { post(); }};
    for (;;) {
        const os::futex_waiter noticed = notice_.watch();
        if (subscribers() >= count) return true;
        if (over(limit) || clock::now() >= limit.until) return false;
        wait_for_notice(*plane_, noticed, limit.until);
    }
}

// ---- the control thread, with the plane's lock held ---------------------------------------------

// Subscribers ask; nothing to do here.
void topic_publisher::found(link::peer&, std::string_view, std::uint64_t) {}

void topic_publisher::received(link::peer& from, const wire::frame_reader& frame,
                               std::vector<os::descriptor> descriptors) {
    if (frame.kind() == link::kind::join) {
        process_join(from, frame, std::move(descriptors));
    } else if (frame.kind() == link::kind::leave) {
        const std::lock_guard locked{table_mutex_};
        const std::uint64_t endpoint = frame.u64(link::key::from);
        const subscriber_entry* const entry = table_.find(endpoint);
        if (entry == nullptr || entry->peer != &from) return;  // only its own process says so
        table_.remove_endpoint(endpoint);
        settle_passing();
        events_.add(topic_event::kind::left, from.identity, endpoint, "left");
        notice_.post();
    } else if (frame.kind() == link::kind::refuse) {
        distrusted(from.identity, std::string{frame.text(link::key::reason)});
    }
}

bool topic_publisher::gone(link::peer& who, const link::departure& how) {
    const std::lock_guard locked{table_mutex_};
    const std::vector<std::uint64_t> evicted = table_.evict_peer(who);
    settle_passing();
    for (const std::uint64_t endpoint : evicted) {
        events_.add(how.orderly ? topic_event::kind::left : topic_event::kind::died, who.identity,
                    endpoint, how.reason);
    }
    notice_.post();  // the publisher may be waiting for one of them
    return !evicted.empty();
}

void topic_publisher::dead(link::peer& who) {
    const std::lock_guard locked{table_mutex_};
    table_.remove_peer(who);
    settle_passing();
}

void topic_publisher::declined(const link::peer& who, const link::refusal& why) {
    distrusted(who.identity, why.reason);
}

void topic_publisher::distrusted(const link::peer_identity& who, const std::string& reason) {
    events_.add(topic_event::kind::refused, who, 0, reason);
    notice_.post();
}

void topic_publisher::farewell() {
    const std::lock_guard locked{table_mutex_};
    for (const subscriber_entry& entry : table_.entries()) {
        plane_->send(*entry.peer, wire::frame_writer{link::kind::leave}
                                      .put(link::key::to, entry.endpoint)
                                      .put(link::key::from, self_.endpoint)
                                      .take());
    }
}

}  // namespace signet::transport::shm
