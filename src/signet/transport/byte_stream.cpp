// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/byte_stream.hpp>

#include <signet/base/error.hpp>

namespace signet::transport {

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
