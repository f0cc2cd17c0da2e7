// SPDX-License-Identifier: Apache-2.0
// One message at a time from one process to another, in any bytes that both share: what the rows of
// shared memory are shown and measured with. One thread of one process sends, one of another
// receives; both make their own `mailbox` of the same bytes, which begin as zeros. What the other
// side wrote is checked: a state that is none, and a length beyond the place, are an `error`, and
// so is an other side that does nothing for `patience`, as when it was killed.
//
//     +0   state u32   0: empty, 1: full; + 2: somebody sleeps until it changes
//     +4   length u32
//     +64  the message
//
// Invariants: while it is empty only the sender writes length and message, while it is full only
// the receiver reads them. Each side changes the state to the other's, and marks it to sleep.
#pragma once

#include <signet/memory/access.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace signet::command {

class mailbox {
public:
    /// How long the other side may take before it counts as gone.
    static constexpr std::chrono::milliseconds usual_patience{10000};

    /// The bytes it takes for messages of up to `message_bytes_max`; a multiple of 64.
    static constexpr std::size_t bytes_for(std::size_t message_bytes_max) {
        return header_bytes + (message_bytes_max + 63) / 64 * 64;
    }

    /// `place` begins at a multiple of 64, and must outlive this.
    explicit mailbox(std::span<std::byte> place,
                     std::chrono::milliseconds patience = usual_patience);

    /// Puts a message in; waits until the one before was taken.
    void send(std::span<const std::byte> message);

    /// Takes the next message out; waits for it. It must be as long as `buffer`.
    void receive(std::span<std::byte> buffer);

private:
    static constexpr std::size_t header_bytes = 64;

    struct header {
        memory::shared_word<std::uint32_t> state;
        memory::shared_word<std::uint32_t> length;
    };

    void wait_for(std::uint32_t wanted);
    void change_to(std::uint32_t state);
    std::uint32_t checked_state() const;

    header& header_;
    memory::shared_word<std::uint64_t>* message_;
    std::size_t message_bytes_max_;
    std::chrono::milliseconds patience_;
};

}  // namespace signet::command
