// SPDX-License-Identifier: Apache-2.0
// What goes beside the bytes of a unix message: open descriptors, and who sent it. One object
// belongs to one call of one thread.
#pragma once

#include <signet/os/descriptor.hpp>
#include <signet/os/unix_peer.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace signet::os {

/// The most descriptors the kernel carries with one message.
inline constexpr std::size_t message_descriptors_max = 253;

/// Room for it all, as the kernel wants it.
class ancillary_buffer {
public:
    /// To send: `descriptors`, at most `message_descriptors_max` (contract_violation).
    explicit ancillary_buffer(std::span<const int> descriptors);

    /// To receive: so many descriptors, and a sender if `with_sender`.
    enum class sender { unasked, wanted };
    ancillary_buffer(std::size_t descriptors_max, sender wanted);

    /// For a msghdr. Null where there is nothing to carry.
    void* data() noexcept { return size_ == 0 ? nullptr : bytes_.data(); }
    std::size_t size() const noexcept { return size_; }

private:
    static constexpr std::size_t bytes_max = 1088;

    alignas(8) std::array<char, bytes_max> bytes_;
    std::size_t size_ = 0;
};

/// What came with a message.
struct ancillary {
    std::vector<descriptor> descriptors;
    bool descriptors_lost = false;  ///< more than allowed, or our table is full
    std::optional<peer_credentials> sender;
};

/// Takes over all that the kernel put into `message`, a msghdr that was received with room for
/// `descriptors_max`. `into.descriptors` has room for one more than that (`reserve`), so that all
/// are owned before anything can throw.
void take_ancillary(void* message, std::size_t descriptors_max, ancillary& into);

}  // namespace signet::os
