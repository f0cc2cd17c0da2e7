// SPDX-License-Identifier: Apache-2.0
// Two mailboxes in one piece of shared memory, one for each direction, as the two ends of a row.
#pragma once

#include "mailbox.hpp"
#include "mechanism.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace signet::command {

inline constexpr std::size_t mailbox_message_bytes_max = std::size_t{1} << 20;
inline constexpr std::size_t mailbox_bytes = mailbox::bytes_for(mailbox_message_bytes_max);

/// How much memory two ends share; it begins as zeros.
inline constexpr std::size_t mailbox_pair_bytes = 2 * mailbox_bytes;

enum class mailbox_side { asking, answering };

/// `Memory` owns the bytes, by whatever mechanism, and has `data()`.
template <class Memory>
class mailbox_end : public mechanism_end {
public:
    mailbox_end(Memory memory, mailbox_side side)
        : memory_{std::move(memory)},
          out_{half(side == mailbox_side::asking ? 0 : 1)},
          in_{half(side == mailbox_side::asking ? 1 : 0)} {}

    void send(std::span<const std::byte> message) override { out_.send(message); }
    void receive(std::span<std::byte> buffer) override { in_.receive(buffer); }

private:
    std::span<std::byte> half(std::size_t number) {
        return {memory_.data() + number * mailbox_bytes, mailbox_bytes};
    }

    Memory memory_;
    mailbox out_;
    mailbox in_;
};

}  // namespace signet::command
