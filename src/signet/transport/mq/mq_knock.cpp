// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/mq/mq_knock.hpp>

#include <signet/os/process.hpp>

#include <cstring>

namespace signet::transport::mq {

knock knock::about(const os::posix_queue& to_client, const os::posix_queue& to_server) {
    const auto client = to_client.place();
    const auto server = to_server.place();
    knock made;
    made.pid = client.pid;
    made.pid_namespace = os::current_pid_namespace();
    made.to_client = client.descriptor;
    made.to_server = server.descriptor;
    made.to_client_inode = client.inode;
    made.to_server_inode = server.inode;
    return made;
}

std::optional<knock> knock::read(std::span<const std::byte> bytes) {
    knock found;
    if (bytes.size() != sizeof found) return std::nullopt;
    std::memcpy(&found, bytes.data(), sizeof found);
    const bool ours = found.magic == magic_number && found.version == current_version;
    if (!ours || found.pid <= 0 || found.to_client < 0 || found.to_server < 0) return std::nullopt;
    return found;
}

}  // namespace signet::transport::mq
