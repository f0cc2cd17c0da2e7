// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/topic_publisher.hpp>

#include <signet/base/error.hpp>
#include <signet/os/memfd.hpp>
#include <signet/transport/shm/plane_wait.hpp>

#include <algorithm>
#include <array>

namespace signet::transport::shm {
namespace {

memory::bell_page& bells_in(const shared_memory& memory) {
    return *reinterpret_cast<memory::bell_page*>(memory.bytes.data());
}

std::uint64_t payload_bytes_of(const wire::type_descriptor& type,
                               const publisher_options& options) {
    return type.has_fixed_size() ? type.size() : options.payload_bytes_max;
}

shared_memory create_segment(const memory::topic_geometry& g) {
    shared_memory segment = create_own_memory("signet-topic", g.segment_bytes());
    os::allocate(segment.file, 0, g.chunks_offset());
    return segment;
}

shared_memory create_bells(life::fence_mode fencing) {
    shared_memory memory = create_group_memory("signet-bells", memory::page_bytes);
    os::allocate(memory.file, 0, memory::page_bytes);
    // Sleepers of the data bell that cannot make a barrier are dealt with when they join; the only
    // sleeper of the room bell is this process.
    if (fencing == life::fence_mode::always) life::always_fence(bells_in(memory).room);
    return memory;
}

}  // namespace

topic_publisher::topic_publisher(std::shared_ptr<link::control_plane> plane, std::string topic,
                                 const wire::type_descriptor& type,
                                 const publisher_options& options)
    : segment_{create_segment(choose_geometry(options, payload_bytes_of(type, options), topic))},
      ring_{segment_.bytes.data(),
            choose_geometry(options, payload_bytes_of(type, options), topic)},
      fencing_{life::fencing_of_this_process()},
      bells_{create_bells(fencing_)},
      data_bell_{bells_in(bells_).data, &data_event_.handle(), fencing_, life::clearing::by_ringer},
      pool_{ring_.geometry()},
      room_bell_{bells_in(bells_).room, fencing_},
      spinner_{options.waiting},
      plane_{std::move(plane)},
      topic_{std::move(topic)},
      self_{link::role::publisher, plane_->id(), link::make_id()},
      type_{type},
      options_{options} {
    if (plane_->manual()) room_event_.emplace();
    plane_->add(*this);
}

topic_publisher::~topic_publisher() {
    plane_->remove(*this);
}

memory::bell_page& topic_publisher::bells() const {
    return bells_in(bells_);
}

// ---- the publishing thread ----------------------------------------------------------------------

bool topic_publisher::wait_for_room(const patience& limit) {
    // Right behind a slow subscriber each look finds room for a message or two, and the two sides
    // would trade lines for each. Let it get ahead by some.
    const bool at_its_heels = ring_.next() - room_found_at_ < ring_.geometry().batch();
    for (int i = 0; at_its_heels && i < pauses_between_looks(); ++i) memory::relax_cpu();
    const bool found = find_room(limit);
    room_found_at_ = ring_.next();
    return found;
}

bool topic_publisher::find_room(const patience& limit) {
    while (!make_room()) {
        if (limit.until == deadline::min() || !sleep_until_room(limit)) return false;
    }
    return true;
}

std::uint64_t topic_publisher::frontier_wanted(std::uint64_t floor) {
    // With only blocking subscribers everything they are done with is given up, so that the chunks
    // come back while they are warm; otherwise the ring is kept as full as it can be.
    if (!table_.empty() && table_.all_block()) return floor;
    const memory::topic_geometry& g = ring_.geometry();
    const std::uint64_t end = ring_.next() + g.batch();
    return std::min(floor, end > g.depth ? end - g.depth : 0);
}

bool topic_publisher::make_room() {
    const std::lock_guard locked{table_mutex_};
    reclaim(frontier_wanted(table_.blocking_floor(ring_.next())));
    ring_.open_room();
    return ring_.has_room();
}

void topic_publisher::reclaim(std::uint64_t frontier) {
    const std::uint64_t before = ring_.frontier();
    if (frontier > before) ring_.advance_frontier(frontier);
    pool_.retire(before, std::max(before, frontier), table_.held());
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

bool topic_publisher::sleep_until_room(const patience& limit) {
    const auto look = [&] { return make_room() || over(limit); };
    if (spinner_.spin(look, limit.until, pauses_between_looks())) return !over(limit);
    const std::stop_callback stopper{limit.stop, [this] { post(); }};
    const os::futex_waiter noticed = notice_.watch();
    if (plane_->manual()) {
        room_event_->drain();  // nobody else reads it
        room_bell_.arm_event();
    }
    const std::array words{plane_->manual() ? noticed : room_bell_.arm(), noticed};
    if (!look()) {
        spinner_.learn_from([&] {
            if (plane_->manual()) {
                sleep_in_plane(*plane_, room_event_->fd(), noticed, limit.until);
            } else {
                os::futex_wait_any(words, limit.until);
            }
        });
    }
    room_bell_.disarm();
    return !over(limit) && (limit.until == never || clock::now() < limit.until);
}

std::optional<std::uint32_t> topic_publisher::take_chunk() {
    if (auto chunk = pool_.take()) return chunk;
    make_room();
    if (auto chunk = pool_.take()) return chunk;
    const auto fresh = pool_.take_fresh();
    if (!fresh) return std::nullopt;
    const memory::topic_geometry& g = ring_.geometry();
    try {
        os::allocate(segment_.file, g.chunks_offset() + *fresh * g.chunk_bytes, g.chunk_bytes);
    } catch (...) {
        pool_.return_fresh();
        throw;
    }
    return fresh;
}

std::optional<chunk_loan> topic_publisher::loan(const patience& limit) {
    check_process();
    if (loans_out_ == options_.loans_max) {
        throw contract_violation{"loan: " + std::to_string(loans_out_) +
                                 " loans are out; publish or drop one, or raise loans_max"};
    }
    auto chunk = take_chunk();
    while (!chunk) {
        if (limit.until == deadline::min() || !sleep_until_room(limit)) return std::nullopt;
        chunk = take_chunk();
    }
    ++loans_out_;
    return chunk_loan{*chunk, ring_.chunk(*chunk)};
}

bool topic_publisher::publish_loan(const chunk_loan& loan, std::size_t bytes,
                                   const patience& limit) {
    check_process();
    if (!ring_.has_room() && !wait_for_room(limit)) return false;
    --loans_out_;
    pool_.note(ring_.next(), loan.chunk);
    ring_.publish_chunk(loan.chunk, bytes);
    data_bell_.notify();
    return true;
}

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
        if (!table_.remove_endpoint(endpoint)) return;
        events_.add(topic_event::kind::left, from.identity, endpoint, "left");
        notice_.post();
    } else if (frame.kind() == link::kind::refuse) {
        distrusted(from.identity, std::string{frame.text(link::key::reason)});
    }
}

bool topic_publisher::gone(link::peer& who, const link::departure& how) {
    const std::lock_guard locked{table_mutex_};
    const std::vector<std::uint64_t> evicted = table_.evict_peer(who);
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
