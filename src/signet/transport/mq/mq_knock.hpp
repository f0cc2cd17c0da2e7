// SPDX-License-Identifier: Apache-2.0
// What somebody who wants to talk puts into the queue of a listener: who he is, and where the two
// queues of the conversation are. Drawn in docs/formats.md, "Channels over message queues".
#pragma once

#include <signet/os/posix_queue.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace signet::transport::mq {

/// All numbers are the machine's own: it goes to another process of the same kernel.
struct knock {
    std::uint64_t magic = magic_number;
    std::uint32_t version = current_version;
    std::int32_t pid = 0;
    std::uint64_t pid_namespace = 0;
    std::int32_t to_client = -1;  ///< a descriptor of that process
    std::int32_t to_server = -1;
    std::uint64_t to_client_inode = 0;
    std::uint64_t to_server_inode = 0;

    static constexpr std::uint64_t magic_number = 0x316b716d74676e73;  ///< "sngtmqk1"
    static constexpr std::uint32_t current_version = 1;

    /// From this process.
    static knock about(const os::posix_queue& to_client, const os::posix_queue& to_server);

    /// No value where no correct client of this version wrote it.
    static std::optional<knock> read(std::span<const std::byte> bytes);

    std::span<const std::byte> bytes() const { return std::as_bytes(std::span{this, 1}); }
    os::posix_queue_place client_place() const { return {pid, to_client, to_client_inode}; }
    os::posix_queue_place server_place() const { return {pid, to_server, to_server_inode}; }
};
static_assert(sizeof(knock) == 48);
static_assert(offsetof(knock, pid_namespace) == 16 && offsetof(knock, to_client_inode) == 32);

}  // namespace signet::transport::mq
