// SPDX-License-Identifier: Apache-2.0
// A numeric IP address, version 4 or 6, with a port. Names are not looked up: that takes servers,
// threads and time. A plain value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace signet::os {

enum class ip_version { v4, v6 };

class ip_address {
public:
    /// Reads "127.0.0.1", "127.0.0.1:80", "::1", "[::1]:80", and for an address that only means
    /// something at one interface "[fe80::1%eth0]:80". Without a port it is 0. Throws `error`
    /// (bad_name) for anything else, and where there is no such interface.
    static ip_address parse(std::string_view text);

    /// This machine, to itself.
    static ip_address loopback(ip_version version, std::uint16_t port = 0);

    /// All addresses of this machine, to listen at.
    static ip_address any(ip_version version, std::uint16_t port = 0);

    /// As a system call gave it. Throws `error` where it is no IP address.
    static ip_address from_kernel(const void* address, std::size_t bytes);

    ip_version version() const noexcept;
    std::uint16_t port() const noexcept;
    bool is_multicast() const noexcept;

    /// The interface it is bound to; 0 for none.
    unsigned interface() const noexcept;

    ip_address with_port(std::uint16_t port) const;

    /// The address without its port: "127.0.0.1", "::1", "fe80::1%eth0".
    std::string host_text() const;

    /// "127.0.0.1:80", "[::1]:80": what `parse` reads.
    std::string text() const;

    /// As the kernel takes it.
    const void* data() const noexcept { return bytes_.data(); }
    unsigned size() const noexcept { return size_; }

    friend bool operator==(const ip_address&, const ip_address&) = default;

private:
    static constexpr std::size_t bytes_max = 28;

    ip_address() = default;
    void fill(const void* address, std::size_t bytes) noexcept;

    alignas(8) std::array<std::byte, bytes_max> bytes_{};
    unsigned size_ = 0;
};

}  // namespace signet::os
