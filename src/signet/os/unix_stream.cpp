// SPDX-License-Identifier: Apache-2.0
#include <signet/os/unix_stream.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/unix_message.hpp>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <string>

namespace signet::os {
namespace {

// Sends the first piece, which takes the descriptors along.
long send_first(int fd, std::span<const std::byte> bytes, std::span<const int> descriptors,
                deadline until) {
    iovec piece{const_cast<std::byte*>(bytes.data()), bytes.size()};
    ancillary_buffer beside{descriptors};
    msghdr header{};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    header.msg_control = beside.data();
    header.msg_controllen = beside.size();
    return call_until(fd, readiness::writable, until, [&](waiting wait) {
        const int flags = MSG_NOSIGNAL | (wait == waiting::yes ? 0 : MSG_DONTWAIT);
        return call(SYS_sendmsg, fd, &header, flags);
    });
}

stream_status status_of(long result) {
    switch (result) {
        case -EAGAIN: return stream_status::timed_out;
        case -ECONNRESET: return stream_status::reset;
        case -EPIPE:
        case 0: return stream_status::ended;
        default: return stream_status::moved;
    }
}

}  // namespace

std::optional<unix_stream_socket> unix_stream_socket::connect(const directory& place,
                                                              std::string_view name,
                                                              deadline until) {
    return connect(unix_address{place, name}, until);
}

std::optional<unix_stream_socket> unix_stream_socket::connect(const unix_address& address,
                                                              deadline until) {
    std::optional<descriptor> connected = connect_unix(unix_type::stream, address, until);
    if (!connected) return std::nullopt;
    return unix_stream_socket{std::move(*connected)};
}

std::pair<unix_stream_socket, unix_stream_socket> unix_stream_socket::pair() {
    auto [here, there] = create_unix_pair(unix_type::stream);
    return {unix_stream_socket{std::move(here)}, unix_stream_socket{std::move(there)}};
}

stream_result unix_stream_socket::send(std::span<const std::byte> bytes,
                                       std::span<const int> descriptors, deadline until) {
    if (bytes.empty()) throw contract_violation{"descriptors go beside at least one byte"};
    const long result = send_first(fd(), bytes, descriptors, until);
    const stream_status status = status_of(result);
    if (status != stream_status::moved) return {status, 0};
    check(result, "send descriptors", std::to_string(descriptors.size()) + " of them",
          advice_for_sending(result));
    const auto first = static_cast<std::size_t>(result);
    const stream_result rest = write_all(bytes.subspan(first), until);
    return {rest.status, first + rest.bytes};
}

unix_stream_received unix_stream_socket::receive(std::span<std::byte> buffer,
                                                 std::size_t descriptors_max, deadline until) {
    if (buffer.empty()) return {};
    descriptors_max = std::min(descriptors_max, message_descriptors_max);
    ancillary with;
    with.descriptors.reserve(descriptors_max + 1);
    ancillary_buffer beside{descriptors_max, ancillary_buffer::sender::unasked};
    iovec piece{buffer.data(), buffer.size()};
    msghdr header{};
    const long result = call_until(fd(), readiness::readable, until, [&](waiting wait) {
        header = {};
        header.msg_iov = &piece;
        header.msg_iovlen = 1;
        header.msg_control = beside.data();
        header.msg_controllen = beside.size();
        const int flags = MSG_CMSG_CLOEXEC | (wait == waiting::yes ? 0 : MSG_DONTWAIT);
        return call(SYS_recvmsg, fd(), &header, flags);
    });
    const stream_status status = status_of(result);
    if (status != stream_status::moved) return {.status = status};
    check(result, "receive from stream socket");
    take_ancillary(&header, descriptors_max, with);
    return {.status = status,
            .bytes = static_cast<std::size_t>(result),
            .descriptors_lost = with.descriptors_lost,
            .descriptors = std::move(with.descriptors)};
}

std::optional<unix_stream_socket> unix_stream_listener::accept(deadline until) {
    while (true) {
        if (auto peer = try_accept_connection(fd())) return unix_stream_socket{std::move(*peer)};
        if (!wait_ready(fd(), readiness::readable, until)) return std::nullopt;
    }
}

}  // namespace signet::os
