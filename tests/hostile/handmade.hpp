// SPDX-License-Identifier: Apache-2.0
// The control link by hand: a peer that may say what it likes. For one thread.
#pragma once

#include <signet/link/protocol.hpp>
#include <signet/link/rendezvous.hpp>
#include <signet/memory/topic_layout.hpp>
#include <signet/os/poll.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/wire/describe.hpp>
#include <signet/wire/descriptor_codec.hpp>
#include <signet/wire/frame.hpp>

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace signet::tests {

namespace key = link::key;
namespace kind = link::kind;

/// A connection to the first member of a topic, which it has said hello to.
class handmade_link {
public:
    /// Waits until somebody is there who plays `wanted`.
    handmade_link(const std::string& directory, std::string_view topic, link::role wanted)
        : place_{directory}, topic_{topic} {
        testing::eventually([&] { return connect(topic, wanted); });
        send(wire::frame_writer{kind::hello}
                 .put(key::version, link::protocol_version)
                 .put(key::context, me)
                 .put(key::pid, std::uint64_t{1})
                 .put(key::command, std::string_view{"handmade"})
                 .take());
    }

    static constexpr std::uint64_t me = 1;        ///< as a context
    static constexpr std::uint64_t endpoint = 2;  ///< as an endpoint

    std::uint64_t other() const noexcept { return other_.endpoint; }

    bool send(const std::vector<std::byte>& frame, std::span<const int> descriptors = {}) {
        const os::send_result result = socket_->try_send(frame, descriptors);
        open_ = open_ && result != os::send_result::closed;
        return result == os::send_result::sent;
    }

    /// Whether the other side still had the link when something was last sent.
    bool open() const noexcept { return open_; }

    void announce(std::string_view topic) {
        send(wire::frame_writer{kind::announce}
                 .put(key::topic, topic)
                 .put(key::from, endpoint)
                 .take());
    }

    void join(const wire::type_descriptor& type, std::uint64_t held_max, int page,
              std::uint64_t policy = 0) {
        send(wire::frame_writer{kind::join}
                 .put(key::to, other())
                 .put(key::from, endpoint)
                 .put(key::topic, topic_)
                 .put(key::policy, policy)
                 .put(key::held_max, held_max)
                 .put(key::fence, std::uint64_t{0})
                 .put(key::type, wire::encode(type))
                 .take(),
             std::array{page});
    }

    void welcome(const wire::type_descriptor& type, const memory::topic_geometry& g,
                 std::span<const int> descriptors, std::uint64_t start = 0) {
        send(wire::frame_writer{kind::welcome}
                 .put(key::to, other())
                 .put(key::from, endpoint)
                 .put(key::type, wire::encode(type))
                 .put(key::start, start)
                 .put(key::held_max, std::uint64_t{4})
                 .put(key::depth, g.depth)
                 .put(key::slot_bytes, g.slot_bytes)
                 .put(key::payload_bytes_max, g.payload_bytes_max)
                 .put(key::chunk_bytes, g.chunk_bytes)
                 .put(key::chunk_count, g.chunk_count)
                 .put(key::timed, g.timed)
                 .put(key::fence, std::uint64_t{0})
                 .take(),
             descriptors);
    }

    struct answer {
        wire::frame_reader frame;
        std::vector<os::descriptor> descriptors;
    };

    /// Reads until a frame of one of these kinds; none: the link was closed.
    std::optional<answer> await(std::string_view wanted, std::string_view or_else = {}) {
        std::vector<std::byte> buffer(wire::frame_bytes_max);
        const deadline give_up = after(testing::watchdog);
        while (os::wait_readable(socket_->fd(), give_up)) {
            auto got = socket_->try_receive(buffer, 4);
            if (got.status == os::receive_status::closed) return std::nullopt;
            if (got.status == os::receive_status::empty) continue;
            wire::frame_reader frame{std::span{buffer}.first(got.bytes)};
            if (frame.kind() != wanted && frame.kind() != or_else) continue;
            return answer{std::move(frame), std::move(got.descriptors)};
        }
        return std::nullopt;
    }

private:
    bool connect(std::string_view topic, link::role wanted) {
        for (const link::listing& one : place_.list(topic)) {
            if (one.side != wanted || one.context == me) continue;
            other_ = one;
            socket_ = place_.connect(topic, one, after(testing::watchdog));
        }
        return socket_.has_value();
    }

    link::rendezvous place_;
    std::string topic_;
    link::listing other_{};
    std::optional<os::seqpacket_socket> socket_;
    bool open_ = true;
};

}  // namespace signet::tests
