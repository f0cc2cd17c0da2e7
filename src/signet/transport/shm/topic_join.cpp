// SPDX-License-Identifier: Apache-2.0
// How a publisher admits a subscriber (docs/design/topic-ring.md, Joining while it runs). Runs in
// the control thread, with the plane's lock held.
#include <signet/base/error.hpp>
#include <signet/os/membarrier.hpp>
#include <signet/transport/shm/topic_publisher.hpp>
#include <signet/wire/descriptor_codec.hpp>
#include <signet/wire/plan.hpp>

#include <algorithm>
#include <array>
#include <vector>

namespace signet::transport::shm {
namespace {

namespace key = link::key;

std::string joined_lines(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += (text.empty() ? "" : "; ") + line;
    return text;
}

delivery policy_of(const wire::frame_reader& frame) {
    const std::uint64_t number = frame.u64(key::policy);
    if (number <= static_cast<std::uint64_t>(delivery::latest)) return delivery{int(number)};
    throw error{errc::peer_misbehaved, "join topic", {}, "it asked for an unknown policy"};
}

std::uint32_t held_max_of(const wire::frame_reader& frame) {
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(frame.u64(key::held_max), memory::held_max_limit));
}

}  // namespace

void topic_publisher::process_join(link::peer& from, const wire::frame_reader& frame,
                                   std::vector<os::descriptor> descriptors) {
    const std::uint64_t endpoint = frame.u64(key::from);
    if (const auto wanted = frame.text_or(key::topic, topic_); wanted != topic_) {
        throw error{errc::peer_misbehaved, "join topic", topic_, "it asked for another one"};
    }
    if (table_.find(endpoint) != nullptr) {
        throw error{errc::peer_misbehaved, "join topic", topic_, "it joined twice"};
    }
    if (descriptors.size() != 1) {
        throw error{errc::peer_misbehaved, "join topic", topic_, "it sent no page of its own"};
    }
    errc code{};
    if (const std::string objection = join_objection(frame, code); !objection.empty()) {
        return refuse(from, endpoint, code, objection);
    }
    admit(from, frame,
          map_peer_memory(descriptors.front(), {.bytes = sizeof(memory::subscriber_page),
                                                .used_bytes = memory::page_bytes}));
}

std::string topic_publisher::join_objection(const wire::frame_reader& frame, errc& code) const {
    if (frame.has(key::type)) {
        const auto theirs = wire::decode_descriptor(frame.bytes(key::type));
        const auto obstacles =
            wire::reading_obstacles(theirs, type_);  // in the words of the reader
        code = errc::incompatible_type;
        if (!obstacles.empty()) return joined_lines(obstacles);
    }
    const std::lock_guard locked{table_mutex_};
    code = errc::limit_reached;
    if (table_.size() >= options_.subscribers_max) {
        return "it has its " + std::to_string(options_.subscribers_max) +
               " subscribers; raise subscribers_max of the publisher";
    }
    const bool chunked = ring_.geometry().chunk_count != 0;
    if (chunked && table_.granted() >= options_.held_total) {
        return "all of its " + std::to_string(options_.held_total) +
               " holds are granted; raise held_total of the publisher";
    }
    code = errc::refused;
    if (policy_of(frame) == delivery::block && !options_.allow_block) {
        return "it does not let subscribers block it; use delivery::drop_oldest";
    }
    return {};
}

void topic_publisher::refuse(link::peer& to, std::uint64_t endpoint, errc code,
                             const std::string& reason) {
    plane_->send(to, wire::frame_writer{link::kind::refuse}
                         .put(key::to, endpoint)
                         .put(key::from, self_.endpoint)
                         .put(key::code, static_cast<std::uint64_t>(code))
                         .put(key::reason, reason)
                         .take());
    events_.add(topic_event::kind::refused, to.identity, endpoint, reason);
    notice_.post();
}

void topic_publisher::fell_short(link::peer& from, std::uint64_t subscriber, const error&) {
    refuse(
        from, subscriber, errc::limit_reached,
        "its process has no descriptor left: raise the limit of open files (ulimit -n) there; it "
        "is tried again when there are some");
}

void topic_publisher::admit(link::peer& from, const wire::frame_reader& frame, os::mapping page) {
    const std::uint64_t endpoint = frame.u64(key::from);
    if (frame.u64_or(key::fence, 0) != 0) {
        life::always_fence(bells().data);
        if (fencing_ == life::fence_mode::on_demand) os::membarrier_this_process();
    }
    {
        // Welcomed before anybody can see it in the table: who waits for subscribers, publishes and
        // dies at once has published to one that will hear of it.
        const std::lock_guard locked{table_mutex_};  // J1
        const std::uint32_t grant = grant_for(held_max_of(frame));
        const std::uint64_t start = first_message(frame.u64_or(key::history, 0));        // J3
        table_.add({endpoint, &from, std::move(page), policy_of(frame), grant, start});  // J4
        try {
            welcome(from, *table_.find(endpoint));
        } catch (...) {
            table_.remove_endpoint(endpoint);  // nobody has seen it
            throw;
        }
    }
    events_.add(topic_event::kind::joined, from.identity, endpoint, {});
    notice_.post();
}

std::uint64_t topic_publisher::first_message(std::uint64_t history) const {
    // The frontier stands still under the mutex, so everything from it on is there to be read.
    const std::uint64_t published = ring_.published();
    return std::max(ring_.frontier(), published - std::min(history, published));
}

// Under the table's mutex. As many as were asked for while each subscriber that may still come is
// left one.
std::uint32_t topic_publisher::grant_for(std::uint32_t wanted) const {
    if (ring_.geometry().chunk_count == 0) return 0;
    const std::uint64_t left = options_.held_total - table_.granted();
    const std::uint64_t others = options_.subscribers_max - table_.size() - 1;
    const bool one_each = options_.held_total >= options_.subscribers_max;
    const std::uint64_t kept = one_each ? std::min(left - 1, others) : 0;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, left - kept));
}

void topic_publisher::welcome(link::peer& to, const subscriber_entry& entry) {
    const memory::topic_geometry& g = ring_.geometry();
    const std::array descriptors{segment_.file.get(), bells_.file.get(), data_event_.fd(),
                                 room_event_.fd()};
    const bool on_demand = fencing_ == life::fence_mode::on_demand;
    plane_->send(to,
                 wire::frame_writer{link::kind::welcome}
                     .put(key::to, entry.endpoint)
                     .put(key::from, self_.endpoint)
                     .put(key::type, wire::encode(type_))
                     .put(key::start, entry.cursor)
                     .put(key::held_max, entry.grant)
                     .put(key::depth, g.depth)
                     .put(key::slot_bytes, g.slot_bytes)
                     .put(key::payload_bytes_max, g.payload_bytes_max)
                     .put(key::chunk_bytes, g.chunk_bytes)
                     .put(key::chunk_count, g.chunk_count)
                     .put(key::timed, g.timed)
                     .put(key::fence, std::uint64_t{on_demand ? 0u : 1u})
                     .take(),
                 descriptors);
    for (std::uint32_t extent = 1; extent < ring_.extents(); ++extent) {
        hand_over_extent(entry, extent);
    }
}

void topic_publisher::hand_over_extent(const subscriber_entry& to, std::uint32_t number) {
    plane_->send(*to.peer,
                 wire::frame_writer{link::kind::extent}
                     .put(key::to, to.endpoint)
                     .put(key::from, self_.endpoint)
                     .put(key::number, number)
                     .put(key::chunk_bytes, ring_.chunk_bytes(number))
                     .put(key::chunk_count, ring_.geometry().chunk_count)
                     .take(),
                 std::array{extents_[number - 1].file.get()});
}

void topic_publisher::describe(wire::frame_writer& report) const {
    const memory::topic_geometry& g = ring_.geometry();
    const std::lock_guard locked{table_mutex_};
    report.put(key::type, wire::encode(type_))
        .put(key::depth, g.depth)
        .put(key::payload_bytes_max, g.payload_bytes_max)
        .put(key::allow_block, options_.allow_block)
        .put(key::published, ring_.published())
        .put(key::lost, table_.lost())
        .put(key::subscribers, table_.size())
        .put(key::subscribers_max, options_.subscribers_max)
        .put(key::held_total, options_.held_total)
        .put(key::granted, table_.granted());
}

std::vector<link::shown_page> topic_publisher::pages() const {
    wire::frame_writer facts{link::kind::page};
    facts.put(key::from, self_.endpoint);
    // Owned by nobody else: whoever asks does so while this endpoint is registered.
    const std::shared_ptr<const os::descriptor> file{std::shared_ptr<void>{}, &segment_.file};
    return {{std::move(facts), file}};
}

}  // namespace signet::transport::shm
