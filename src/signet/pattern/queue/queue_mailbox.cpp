// SPDX-License-Identifier: Apache-2.0
// Mailboxes: queues with one reader, whose name goes with it.
#include <signet/base/error.hpp>
#include <signet/pattern/queue/queue_parts.hpp>

namespace signet::pattern {
namespace {

/// By the word of its seat alone, as this is asked for each message: a death is seen as soon as
/// somebody has swept it.
bool sits(const sync::region_core& region, memory::stamp who) {
    const auto seats = region.seats().seats();
    if (who.nobody() || who.seat() >= seats.size()) return false;
    // SYNC seat
    const std::uint32_t word = seats[who.seat()].word.load(std::memory_order_acquire);
    return memory::is_active(word) && memory::seat_generation(word) == who.generation();
}

memory::stamp reader_of(const memory::queue_words& words) {
    // relaxed: it was stored before the file had its name, and never changes
    return memory::stamp::of(words.header().reader.load(std::memory_order_relaxed));
}

}  // namespace

void queue_core::parts::take_mailbox(const queue_shape& wanted) {
    if (shape.readers != queue_readers::one) {
        if (wanted.readers == queue_readers::anybody) return;
        throw error{errc::incompatible_type, "open mailbox", name, "it is a queue of several"};
    }
    reads_mailbox = reader_of(words) == self;
    if (reads_mailbox) return;
    if (wanted.readers == queue_readers::one) {
        throw error{errc::limit_reached, "open mailbox", name, "somebody else reads it"};
    }
    try {
        check_mailbox();
    } catch (const error&) {
        remove_if_same(place, *region);
        throw;
    }
}

void queue_core::parts::check_mailbox() const {
    if (sits(*region, reader_of(words))) return;
    throw error{errc::peer_died, "use mailbox", name, "who read it is gone"};
}

void queue_core::parts::require_reader() const {
    if (shape.readers == queue_readers::anybody || reads_mailbox) return;
    throw contract_violation{"pop from mailbox '" + name + "': somebody else reads it"};
}

void queue_core::parts::leave_mailbox() noexcept {
    if (!reads_mailbox) return;
    try {
        remove_if_same(place, *region);
    } catch (const error&) {
        // The name stays, of a mailbox whose reader is gone: the next one to open it is told.
    }
}

queue_core::parts::~parts() {
    if (region->here()) leave_mailbox();
}

}  // namespace signet::pattern
