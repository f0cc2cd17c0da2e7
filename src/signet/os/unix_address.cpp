// SPDX-License-Identifier: Apache-2.0
#include <signet/os/unix_address.hpp>

#include <signet/os/kernel.hpp>

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace signet::os {

unix_address::unix_address(const directory& place, std::string_view name) {
    static_assert(sizeof(sockaddr_un) == address_bytes);
    const std::string full = place.path_of(name);
    const std::string path =
        "/proc/self/fd/" + std::to_string(place.fd()) + "/" + std::string{name};
    sockaddr_un address{};
    if (path.size() >= sizeof address.sun_path) {
        fail(-ENAMETOOLONG, "name a socket", full, "a socket's name has at most 85 bytes");
    }
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), address.sun_path);
    std::memcpy(bytes_.data(), &address, sizeof address);
}

}  // namespace signet::os
