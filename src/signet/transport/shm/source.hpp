// SPDX-License-Identifier: Apache-2.0
// One publisher, as a subscriber sees it: its segment, mapped read-only, the reader in it, and the
// two bells between them. Belongs to the subscriber's thread.
#pragma once

#include <signet/base/error.hpp>
#include <signet/life/bell.hpp>
#include <signet/link/peer.hpp>
#include <signet/memory/broadcast_ring.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/os/mapping.hpp>
#include <signet/transport/topic.hpp>
#include <signet/wire/descriptor.hpp>
#include <signet/wire/plan.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace signet::transport::shm {

/// What a publisher's welcome says, checked.
struct welcome {
    std::uint64_t publisher;
    std::string topic;    ///< as it was announced, and asked for; or as the user calls it
    std::uint64_t shown;  ///< what the user knows the publisher as
    std::uint64_t start;
    std::uint32_t held_max;
    memory::topic_geometry geometry;
    bool fences_always;  ///< the publisher cannot rely on membarrier
    delivery policy;
    wire::type_descriptor type;
    wire::reading_plan plan{};  ///< how its messages are read as ours
};

/// The memory that came with it, and our own page.
struct source_memory {
    std::shared_ptr<os::mapping> page;     ///< ours, writable; the control thread reads its counts
    std::shared_ptr<os::mapping> segment;  ///< the publisher's, read-only; likewise
    os::mapping bells;                     ///< the group's
    os::descriptor data_event;
    os::descriptor room_event;  ///< none where nobody sleeps on it
};

class source {
public:
    source(const welcome& from, const link::peer_identity& who, source_memory memory)
        : publisher{from.publisher},
          shown{from.shown},
          topic{from.topic},
          identity{who},
          type{from.type},
          plan{from.plan},
          memory_{std::move(memory)},
          reader{memory_.segment->data(),
                 from.geometry,
                 own_page(),
                 from.start,
                 from.held_max,
                 from.policy == delivery::block ? memory::reporting::each_message
                                                : memory::reporting::in_batches,
                 guarding_under(from)},
          data_bell{bells().data, from.fences_always ? life::fence_mode::always
                                                     : life::fencing_of_this_process()},
          room_bell_{bells().room, memory_.room_event ? &memory_.room_event : nullptr,
                     life::fencing_of_this_process(), life::clearing::by_sleeper} {}

    /// Tells the publisher how far we are, if that is news; wakes it if it waits for it.
    void report() {
        if (reader.report()) room_bell_.notify();
    }

    /// Reads no more; the publisher stops waiting for us.
    void abandon() {
        reader.abandon();
        room_bell_.notify();
    }

    /// More chunks that the publisher made.
    void add_extent(os::mapping memory, std::uint64_t chunk_bytes, std::uint64_t chunk_count) {
        reader.add_extent(memory.data(), chunk_bytes, chunk_count);
        extents_.push_back(std::move(memory));
    }

    const os::descriptor& data_event() const noexcept { return memory_.data_event; }

    const std::uint64_t publisher;
    const std::uint64_t shown;  ///< what the user knows it as; another one where a relay is between
    const std::string topic;
    const link::peer_identity identity;
    const wire::type_descriptor type;
    const wire::reading_plan plan;

private:
    static memory::guarding guarding_under(const welcome& from) {
        const bool barriers =
            !from.fences_always && life::fencing_of_this_process() == life::fence_mode::on_demand;
        return from.policy == delivery::block && barriers ? memory::guarding::by_cursor
                                                          : memory::guarding::by_hazard;
    }

    memory::subscriber_page& own_page() {
        return *reinterpret_cast<memory::subscriber_page*>(memory_.page->data());
    }
    memory::bell_page& bells() {
        return *reinterpret_cast<memory::bell_page*>(memory_.bells.data());
    }

    source_memory memory_;
    std::vector<os::mapping> extents_;

public:
    memory::ring_reader reader;
    life::bell_sleeper data_bell;
    bool ended = false;  ///< the publisher is gone: what is in the ring is all there will be
    std::optional<error> cut_off{};  ///< we read up to the first gap, and then throw this
    std::uint32_t held = 0;          ///< samples the user holds in place
    std::uint64_t lost_untold = 0;   ///< messages lost since the last one received

private:
    life::bell_ringer room_bell_;
};

}  // namespace signet::transport::shm
