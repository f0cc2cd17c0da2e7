// SPDX-License-Identifier: Apache-2.0
// Who is at the other end of a connected unix socket, by the kernel's word. Any thread.
#pragma once

#include <signet/os/descriptor.hpp>

#include <optional>

namespace signet::os {

/// Who was at the other end when it connected, listened, or made the pair. Authorise by uid; the
/// pid is for humans: 0 from another pid namespace, and reused.
struct peer_credentials {
    int pid = 0;
    unsigned uid = 0;
    unsigned gid = 0;
};

/// Throws `error`.
peer_credentials credentials_of_peer(int socket);

/// A handle of the peer's process, good across pid namespaces. No value where the kernel cannot
/// give one: before Linux 6.5, or the peer is gone. Throws `error` at the limit of open files.
std::optional<descriptor> pidfd_of_peer(int socket);

/// Makes the kernel refuse descriptors that peers try to send. False before Linux 6.16, where they
/// are dropped when they are received.
bool refuse_descriptors(int socket);

}  // namespace signet::os
