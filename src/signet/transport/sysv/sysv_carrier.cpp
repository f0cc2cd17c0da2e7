// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/sysv/sysv_carrier.hpp>

#include <signet/base/error.hpp>
#include <signet/transport/medium_channel.hpp>
#include <signet/transport/sysv/queue_pairs.hpp>
#include <signet/transport/sysv/sysv_medium.hpp>
#include <signet/transport/unix/unix_name.hpp>

#include <array>
#include <cstdint>
#include <utility>

namespace signet::transport::sysv {
namespace {

using unix_socket::bound_listener;
using unix_socket::unix_name;

carrier_facts facts_of_this_kernel() {
    return {
        .scheme = "sysv",
        .addresses = "sysv:///path",
        .use_when =
            "the other side of a system speaks System V queues; otherwise prefer mq or unix",
        .message_bytes_max = message_bytes_max(),
        .peers = identification::user,
        .topics = support::no,  // nobody tells of room to send, so a relay would wait for ever
};
}

/// What who accepts writes to the socket, with the lock of the queues beside it: where the
/// conversation takes place.
struct welcome {
    std::uint64_t magic = magic_number;
    std::int32_t to_client = -1;  ///< ids of queues
    std::int32_t to_server = -1;

    static constexpr std::uint64_t magic_number = 0x3271767379676e73;  ///< "sngysvq2"
};
static_assert(sizeof(welcome) == 16);

unix_name checked(const std::string& where) {
    if (where.starts_with('/')) return unix_name{where, "sysv"};
    throw error{errc::bad_name, "use address", "sysv://" + where, "use sysv:///path"};
}

std::string list_at(const unix_name& name) {
    return name.place()->path_of(name.name() + ".queues");
}

os::process process_of(const os::unix_stream_socket& peer, const std::string& name) {
    if (auto handle = peer.peer_pidfd()) return os::process::adopt(std::move(*handle));
    auto opened = os::process::open(peer.credentials().pid);
    if (opened) return std::move(*opened);
    throw error{errc::peer_died, "open channel", name, "the other process is gone"};
}

os::process again(const os::process& one) {
    return os::process::adopt(os::duplicate(one.fd()));
}

class sysv_listener final : public channel_listener {
public:
    sysv_listener(unix_name where, const channel_types& types, const channel_options& options)
        : where_{std::move(where)}, bound_{where_}, types_{types}, options_{options} {
        sweep(list_at(where_));
    }

    std::unique_ptr<channel_end> accept(const patience& limit) override {
        for (;;) {
            if (auto socket = bound_.socket().accept(deadline::min())) {
                if (auto end = answer(*socket)) return end;
                continue;
            }
            if (!wait_patiently(fd(), os::readiness::readable, limit, bell_)) return nullptr;
        }
    }
    std::string address() const override { return where_.text(); }
    int fd() override { return bound_.socket().fd(); }

private:
    // Null: that one is gone.
    std::unique_ptr<channel_end> answer(os::unix_stream_socket& socket) try {
        os::process peer = process_of(socket, where_.text());
        queue_pair pair = make_pair(list_at(where_));
        auto hold = std::make_unique<pair_hold>(list_at(where_), pair.entry);
        const std::array shared{hold->fd()};
        auto medium =
            std::make_unique<sysv_medium>(pair.to_server.id(), pair.to_client.id(), std::move(hold),
                                          peer_identity{.user = socket.credentials()}, again(peer));
        auto end = std::make_unique<medium_channel>(std::move(medium), where_.text(), types_,
                                                    options_, std::move(peer));
        const welcome there{.to_client = pair.to_client.id(), .to_server = pair.to_server.id()};
        pair.to_client.keep();
        pair.to_server.keep();
        socket.send(std::as_bytes(std::span{&there, 1}), shared, deadline::min());
        return end;
    } catch (const error& why) {
        if (why.code() != errc::peer_died) throw;
        return nullptr;
    }

    unix_name where_;
    bound_listener bound_;
    channel_types types_;
    channel_options options_;
    stop_bell bell_;
};

[[noreturn]] void complain(std::error_code code, const unix_name& name, const char* why) {
    throw error{code, "open channel", name.text(), why};
}

[[noreturn]] void complain_of_silence(os::stream_status status, const unix_name& name) {
    if (status == os::stream_status::timed_out) {
        complain(std::make_error_code(std::errc::timed_out), name,
                 "the other end did not answer in time: it is stopped, or accepts nobody");
    }
    complain(errc::peer_died, name,
             "the other end was gone before it answered; connect again when it is back");
}

struct invitation {
    welcome to;
    std::unique_ptr<pair_hold> hold;
};

// The descriptor comes with the first byte.
invitation read_welcome(os::unix_stream_socket& socket, const unix_name& name, deadline until) {
    invitation got;
    auto rest = std::as_writable_bytes(std::span{&got.to, 1});
    while (!rest.empty()) {
        auto read = socket.receive(rest, 1, until);
        if (read.status != os::stream_status::moved) complain_of_silence(read.status, name);
        rest = rest.subspan(read.bytes);
        if (read.descriptors.empty()) continue;
        got.hold = std::make_unique<pair_hold>(std::move(read.descriptors.front()));
    }
    if (got.hold && got.to.magic == welcome::magic_number) return got;
    complain(errc::peer_misbehaved, name,
             "the other end did not say where its queues are; does it listen at sysv://?");
}

class sysv_carrier final : public carrier {
public:
    const carrier_facts& facts() const noexcept override { return facts_; }

    std::unique_ptr<channel_end> connect(const std::string& where, const channel_types& types,
                                         const channel_options& options) const override {
        const unix_name name = checked(where);
        check_medium_options(options, name.text());
        const deadline until = after(options.handshake_limit);
        auto socket = name.connect(until);
        invitation there = read_welcome(socket, name, until);
        os::process peer = process_of(socket, name.text());
        auto medium = std::make_unique<sysv_medium>(
            there.to.to_client, there.to.to_server, std::move(there.hold),
            peer_identity{.user = socket.credentials()}, again(peer));
        auto end = std::make_unique<medium_channel>(std::move(medium), name.text(), types, options,
                                                    std::move(peer));
        end->await_greeting({until, {}});
        return end;
    }

    std::unique_ptr<channel_listener> listen(const std::string& where, const channel_types& types,
                                             const channel_options& options) const override {
        unix_name name = checked(where);
        check_medium_options(options, name.text());
        return std::make_unique<sysv_listener>(std::move(name), types, options);
    }

private:
    carrier_facts facts_ = facts_of_this_kernel();
};

}  // namespace

const carrier& the_carrier() noexcept {
    static const sysv_carrier only;
    return only;
}

}  // namespace signet::transport::sysv
