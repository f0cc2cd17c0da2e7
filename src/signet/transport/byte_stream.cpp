// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/byte_stream.hpp>

#include <signet/base/error.hpp>
#include <signet/os/cpu.hpp>

namespace signet::transport {

unsigned cores_with(const peer_identity& peer) {
    return peer.user ? os::cpu_count_with(peer.user->pid) : os::cpu_count();
}

os::stream_result byte_stream::read_with(std::span<std::byte> buffer, deadline until,
                                         std::deque<os::descriptor>&, std::size_t, bool&) {
    return read_some(buffer, until);
}

os::stream_result byte_stream::write_with(std::span<const std::byte>, std::span<const int>,
                                          deadline) {
    throw error{errc::unsupported,
                "send descriptors",
                {},
                "this carrier passes none; unix:// and shm:// do"};
}

}  // namespace signet::transport
