// SPDX-License-Identifier: Apache-2.0
#include <signet/os/network_interface.hpp>

#include <signet/os/kernel.hpp>
#include <signet/os/socket_io.hpp>

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>

namespace signet::os {
namespace {

// Any socket will do to ask.
void ask(unsigned long question, ifreq& request, const std::string& subject) {
    const descriptor socket = create_socket(AF_UNIX, SOCK_DGRAM);
    const long result = call(SYS_ioctl, socket.get(), question, &request);
    check(result, "find network interface", subject,
          result == -ENODEV || result == -ENXIO ? "`ip link` lists those there are" : "");
}

}  // namespace

unsigned interface_index(const std::string& name) {
    ifreq request{};
    if (name.size() >= sizeof request.ifr_name) {
        fail(-ENODEV, "find network interface", name, "a name has at most 15 bytes");
    }
    std::copy(name.begin(), name.end(), request.ifr_name);
    ask(SIOCGIFINDEX, request, name);
    return static_cast<unsigned>(request.ifr_ifindex);
}

std::string interface_name(unsigned index) {
    ifreq request{};
    request.ifr_ifindex = static_cast<int>(index);
    ask(SIOCGIFNAME, request, std::to_string(index));
    return request.ifr_name;
}

}  // namespace signet::os
