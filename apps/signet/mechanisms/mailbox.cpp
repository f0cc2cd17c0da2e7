// SPDX-License-Identifier: Apache-2.0
#include "mailbox.hpp"

#include <signet/base/error.hpp>
#include <signet/base/time.hpp>
#include <signet/os/futex.hpp>

#include <string>

namespace signet::command {
namespace {

constexpr std::uint32_t empty = 0;
constexpr std::uint32_t full = 1;
constexpr std::uint32_t sleeper = 2;  // beside either
constexpr int spins_max = 2000;

[[noreturn]] void fail_misbehaved(const std::string& what) {
    throw error{errc::peer_misbehaved, "use a mailbox", {}, what};
}

}  // namespace

mailbox::mailbox(std::span<std::byte> place, std::chrono::milliseconds patience)
    : header_{*reinterpret_cast<header*>(place.data())},
      message_{reinterpret_cast<memory::shared_word<std::uint64_t>*>(place.data() + header_bytes)},
      message_bytes_max_{place.size() - header_bytes},
      patience_{patience} {
    const bool aligned = reinterpret_cast<std::uintptr_t>(place.data()) % header_bytes == 0;
    if (place.size() > header_bytes && aligned) return;
    throw contract_violation{"a mailbox has 64 bytes and a message, at a multiple of 64"};
}

void mailbox::send(std::span<const std::byte> message) {
    if (message.size() > message_bytes_max_) {
        throw contract_violation{"a message is too long for its mailbox"};
    }
    wait_for(empty);
    // relaxed: published by the change of the state
    header_.length.store(static_cast<std::uint32_t>(message.size()), std::memory_order_relaxed);
    memory::copy_in(message_, message.data(), message.size());
    change_to(full);
}

void mailbox::receive(std::span<std::byte> buffer) {
    wait_for(full);
    // relaxed: read behind the state that published it
    const std::uint32_t length = header_.length.load(std::memory_order_relaxed);
    if (length > message_bytes_max_ || length != buffer.size()) {
        fail_misbehaved("a message of " + std::to_string(length) + " bytes came, not of " +
                        std::to_string(buffer.size()));
    }
    memory::copy_out(buffer.data(), message_, length);
    change_to(empty);
}

void mailbox::wait_for(std::uint32_t wanted) {
    for (int spin = 0; spin < spins_max; ++spin) {
        if ((checked_state() & ~sleeper) == wanted) return;
        memory::relax_cpu();
    }
    const deadline give_up = after(patience_);
    while (clock::now() < give_up) {
        std::uint32_t now = checked_state();
        if ((now & ~sleeper) == wanted) return;
        const std::uint32_t asleep = now | sleeper;
        // relaxed: who wakes us looks at the same word
        header_.state.compare_exchange(now, asleep, std::memory_order_relaxed);
        os::futex_wait(*header_.state.address(), asleep, give_up);
    }
    throw error{errc::peer_died,
                "wait for the other side of a mailbox",
                {},
                "it did nothing for " + std::to_string(patience_.count()) + " ms"};
}

std::uint32_t mailbox::checked_state() const {
    const std::uint32_t state =
        header_.state.load(std::memory_order_acquire);  // SYNC mailbox-state
    if (state > (full | sleeper)) fail_misbehaved("its state is " + std::to_string(state));
    return state;
}

void mailbox::change_to(std::uint32_t state) {
    std::uint32_t before = state ^ full;
    // At most twice: the other side adds its mark once.
    for (int tries = 0; tries < 3; ++tries) {
        const bool asleep = (before & sleeper) != 0;
        // SYNC mailbox-state
        if (header_.state.compare_exchange(before, state, std::memory_order_release)) {
            if (asleep) os::futex_wake(*header_.state.address(), 1);
            return;
        }
    }
    fail_misbehaved("its state changes though it is our turn");
}

}  // namespace signet::command
