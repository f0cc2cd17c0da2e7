// SPDX-License-Identifier: Apache-2.0
// What a listener gives to who says hello, and wants back: it proves that he receives what is sent
// to his address, without anything being remembered of him (as DTLS does, RFC 6347, 4.2.1). Made
// with a key of the listener's own, of his address, the id of his conversation and the time. Any
// thread.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/ip_address.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace signet::transport::udp {

/// SipHash-2-4 (Aumasson and Bernstein): who does not know the key cannot tell it.
std::uint64_t siphash(const std::array<std::uint64_t, 2>& key, std::span<const std::byte> bytes);

class cookie_jar {
public:
    /// With a key of its own. Throws `error` where the kernel has no random numbers.
    cookie_jar();

    /// Never 0.
    std::uint64_t cookie_for(const os::ip_address& peer, std::uint64_t conversation,
                             clock::time_point now = clock::now()) const;

    /// Whether that cookie was given to that peer for that conversation, not long ago.
    bool gave(std::uint64_t cookie, const os::ip_address& peer, std::uint64_t conversation,
              clock::time_point now = clock::now()) const;

    static constexpr std::chrono::seconds good_for{30};  ///< at least; at most twice that

private:
    std::uint64_t made(std::uint64_t period, const os::ip_address& peer,
                       std::uint64_t conversation) const;

    std::array<std::uint64_t, 2> key_;
};

}  // namespace signet::transport::udp
