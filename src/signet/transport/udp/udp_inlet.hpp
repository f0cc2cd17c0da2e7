// SPDX-License-Identifier: Apache-2.0
// The user's subscriber at a group: whoever publishes there is announced, checked, and has a writer
// of its own. Anybody in the network may send to the group: what is wrong is ignored, and memory
// is bounded by so many publishers and one message of each.
//
// Thread safety: made by the user's thread; then the relay thread's.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/udp_socket.hpp>
#include <signet/transport/topic_carrier.hpp>
#include <signet/transport/udp/assembly.hpp>
#include <signet/transport/udp/udp_group.hpp>
#include <signet/transport/udp/udp_topic_frame.hpp>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace signet::transport::udp {

inline constexpr std::size_t publishers_max = 64;

class udp_inlet final : public topic_relay {
public:
    /// Joins the group. Throws `error`: no such interface, unsupported for what a group cannot do.
    udp_inlet(const udp_group& at, local_subscriber& to);

    state work(relay_waits& waits) override;

private:
    /// A message that the writer has no room for yet.
    struct kept {
        std::uint64_t number;
        std::uint64_t time_ns;
        std::vector<std::byte> bytes;
    };

    /// One publisher, at one address.
    struct source {
        explicit source(const os::ip_address& at) : address{at} {}

        os::ip_address address;
        remote_end who{};
        std::unique_ptr<topic_writer> writer{};  ///< null: it was refused
        std::optional<wait_key> writing{};
        assembly pieces{};
        std::uint64_t next = 0;  ///< number of the next message
        std::deque<kept> waiting{};
        std::size_t waiting_bytes = 0;
        std::int64_t clock_ahead_ns = 0;  ///< ours, of the publisher's
        deadline silent_at{};
    };
    using all_sources = std::map<std::uint64_t, source>;

    bool hear(relay_waits& waits);
    void take(relay_waits& waits, std::span<const std::byte> datagram, const os::ip_address& from);
    void ask(const topic_datagram& heard, const os::ip_address& whom);
    void meet(relay_waits& waits, const topic_datagram& header, std::span<const std::byte> body,
              const os::ip_address& from);
    void take_piece(source& from, const topic_datagram& header, std::span<const std::byte> body);
    void keep(source& from, kept message);
    void flush_all(relay_waits& waits);
    void flush(relay_waits& waits, source& one);
    void refuse(relay_waits& waits, source& one, const error& why);
    void end(relay_waits& waits, all_sources::iterator which, const std::string& reason);
    void drop_silent(relay_waits& waits);

    udp_group group_;
    os::udp_socket socket_;
    local_subscriber* to_;
    all_sources sources_;
    std::vector<std::byte> buffer_;
    clock::time_point asked_at_{};
    bool listening_ = false;
};

}  // namespace signet::transport::udp
