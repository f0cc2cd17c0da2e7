// SPDX-License-Identifier: Apache-2.0
// The address of a topic over multicast, taken apart: "239.1.2.3:7000", "[ff15::1]:7000", and with
// the interface that it is for "239.1.2.3%eth0:7000", "[ff15::1%eth0]:7000". Without one the
// machine's routes choose. A plain value.
#pragma once

#include <signet/os/ip_address.hpp>
#include <signet/os/udp_socket.hpp>

#include <string>

namespace signet::transport::udp {

class udp_group {
public:
    /// Throws `error`: bad_name, no such interface, unsupported where it is not a group's.
    explicit udp_group(const std::string& where);

    const os::ip_address& address() const noexcept { return address_; }

    /// "udp://239.1.2.3:7000"
    const std::string& text() const noexcept { return text_; }

    /// A socket at a port of its own that sends to the group. Throws `error`.
    os::udp_socket sender() const;

    /// A socket that receives what is sent to the group, beside others that do. Throws `error`.
    os::udp_socket receiver() const;

private:
    std::string text_;
    unsigned interface_ = 0;
    os::ip_address address_;
};

}  // namespace signet::transport::udp
