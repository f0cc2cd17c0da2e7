// SPDX-License-Identifier: Apache-2.0
#include <signet/os/unix_peer.hpp>

#include <signet/os/kernel.hpp>

#include <sys/socket.h>
#include <sys/syscall.h>

namespace signet::os {
namespace {

constexpr int peer_pidfd_option = 77;   // SO_PEERPIDFD, of Linux 6.5
constexpr int pass_rights_option = 83;  // SO_PASSRIGHTS, of Linux 6.16

}  // namespace

peer_credentials credentials_of_peer(int socket) {
    ucred peer{};
    unsigned bytes = sizeof peer;
    check(call(SYS_getsockopt, socket, SOL_SOCKET, SO_PEERCRED, &peer, &bytes),
          "identify the peer");
    return {.pid = peer.pid, .uid = peer.uid, .gid = peer.gid};
}

std::optional<descriptor> pidfd_of_peer(int socket) {
    int number = -1;
    unsigned bytes = sizeof number;
    const long result =
        call(SYS_getsockopt, socket, SOL_SOCKET, peer_pidfd_option, &number, &bytes);
    // the last two: the peer has been reaped, or never had a process we can see
    const bool none =
        result == -ENOPROTOOPT || result == -EINVAL || result == -ESRCH || result == -ENODATA;
    if (none) return std::nullopt;
    check(result, "get a handle of the peer's process");
    return descriptor{number};
}

bool refuse_descriptors(int socket) {
    const int pass = 0;
    return call(SYS_setsockopt, socket, SOL_SOCKET, pass_rights_option, &pass, sizeof pass) == 0;
}

}  // namespace signet::os
