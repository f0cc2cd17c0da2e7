// SPDX-License-Identifier: Apache-2.0
// What a carrier that moves bytes has to offer so that `stream_channel` makes a channel of it. One
// thread may read and one write at the same time.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/os/stream_io.hpp>
#include <signet/transport/channel.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>

namespace signet::transport {

class byte_stream {
public:
    byte_stream() = default;
    virtual ~byte_stream() = default;
    byte_stream(const byte_stream&) = delete;
    byte_stream& operator=(const byte_stream&) = delete;

    /// As os::read_some and os::write_some.
    virtual os::stream_result read_some(std::span<std::byte> buffer, deadline until) = 0;
    virtual os::stream_result write_some(std::span<const std::byte> bytes, deadline until) = 0;

    /// The same with descriptors beside the first byte; only where the carrier passes them. What is
    /// received is put at the end of `into`. `lost` is set where there were more than `most`.
    virtual os::stream_result read_with(std::span<std::byte> buffer, deadline until,
                                        std::deque<os::descriptor>& into, std::size_t most,
                                        bool& lost);
    virtual os::stream_result write_with(std::span<const std::byte> bytes,
                                         std::span<const int> descriptors, deadline until);

    /// The peer reads what was written, then the end. False: there is no way to say so.
    virtual bool end_writing() = 0;

    /// Has each direction hold so many bytes that were not read yet, as far as there is a choice.
    virtual void hold(std::uint64_t) {}

    virtual peer_identity peer() const = 0;
    virtual std::optional<os::descriptor> peer_process() const { return std::nullopt; }

    /// To watch; the same where one descriptor has both directions.
    virtual int read_fd() const noexcept = 0;
    virtual int write_fd() const noexcept = 0;

    /// Bytes that were read from the descriptor already, so that it does not become readable for
    /// them (TLS).
    virtual bool has_read_ahead() const noexcept { return false; }
};

}  // namespace signet::transport
