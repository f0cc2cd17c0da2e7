// SPDX-License-Identifier: Apache-2.0
// The address of a TCP channel, taken apart: "host:80", "192.0.2.1:80", "[2001:db8::1]:80", and
// "*:80" or ":80", which is all addresses of this machine to who listens, and this machine to who
// connects. A plain value.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/ip_address.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace signet::transport::tcp {

class tcp_name {
public:
    /// `scheme` is for texts. Throws `error` (bad_name) that says what is wrong.
    tcp_name(std::string_view scheme, const std::string& where);

    /// Where to connect to, in the order to try. Looks names up. Throws `error`: no such name, no
    /// port, timed_out.
    std::vector<os::ip_address> targets(deadline until) const;

    /// Where to listen: the first that can be is taken.
    std::vector<os::ip_address> places(deadline until) const;

    /// All addresses of this machine.
    bool is_any() const noexcept { return host_.empty(); }

    /// The name of the machine as it was given, without brackets; empty: any.
    const std::string& host() const noexcept { return host_; }

    /// "tcp://host:80"
    const std::string& text() const noexcept { return text_; }

    /// The same with another port.
    std::string text_with(std::uint16_t port) const;

private:
    [[noreturn]] void complain(const std::string& why) const;
    void take_port(std::string_view digits);
    void check_host() const;
    bool is_numeric() const;
    std::vector<os::ip_address> found(deadline until) const;

    std::string text_;
    std::string before_port_;  ///< "tcp://host:"
    std::string host_;
    std::uint16_t port_ = 0;
};

/// As RFC 8305 has it: the versions of IP take turns, beginning with that of the first address.
std::vector<os::ip_address> in_turns(const std::vector<os::ip_address>& sorted);

}  // namespace signet::transport::tcp
