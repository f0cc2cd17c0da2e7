// SPDX-License-Identifier: Apache-2.0
#include <signet/os/unix_datagram.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/kernel_setting.hpp>
#include <signet/os/name_guard.hpp>
#include <signet/os/socket_io.hpp>
#include <signet/os/unix_message.hpp>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <algorithm>
#include <string>

namespace signet::os {
namespace {

constexpr std::size_t queue_max_default = 10;

msghdr header_of(iovec& bytes, ancillary_buffer& beside) {
    msghdr header{};
    header.msg_iov = &bytes;
    header.msg_iovlen = 1;
    header.msg_control = beside.data();
    header.msg_controllen = beside.size();
    return header;
}

// A poll does not tell of room in a receiver's queue; the kernel's own wait for it does, within the
// time to send. EINTR: a message is sent whole or not at all, so it is sent again.
long send_within(int fd, const msghdr& header, deadline until) {
    constexpr int flags = MSG_NOSIGNAL;
    long result = call_uninterrupted(SYS_sendmsg, fd, &header, flags | MSG_DONTWAIT);
    if (result != -EAGAIN || until == deadline::min()) return result;
    do {
        limit_send_time(fd, until);
        result = call(SYS_sendmsg, fd, &header, flags);
    } while (result == -EINTR);
    return result;
}

bool is_nobody(long result) {
    return result == -ECONNREFUSED || result == -ENOENT || result == -ECONNRESET ||
           result == -EPIPE || result == -ENOTCONN;
}

std::optional<unix_address> sender_of(const sockaddr_un& sender, unsigned bytes) {
    if (bytes <= offsetof(sockaddr_un, sun_path)) return std::nullopt;
    return unix_address::from_kernel(&sender, bytes);
}

// Only a socket with a name asks: asking would give one without a name an abstract one.
void ask_for_credentials(const descriptor& socket) {
    set_socket_option(socket.get(), SOL_SOCKET, SO_PASSCRED, 1, "ask who sends");
}

}  // namespace

std::size_t unix_datagram_queue_max() {
    return kernel_setting("/proc/sys/net/unix/max_dgram_qlen").value_or(queue_max_default) + 1;
}

unix_datagram_socket::unix_datagram_socket() : socket_{create_socket(AF_UNIX, SOCK_DGRAM)} {}

unix_datagram_socket::unix_datagram_socket(const directory& place, std::string_view name,
                                           unsigned mode)
    : socket_{bind_unix(unix_type::datagram, place, name, mode)} {
    name_guard guard{place.fd(), name};
    ask_for_credentials(socket_);
    guard.keep();
}

unix_datagram_socket::unix_datagram_socket(const unix_address& abstract)
    : socket_{bind_unix(unix_type::datagram, abstract)} {
    ask_for_credentials(socket_);
}

std::pair<unix_datagram_socket, unix_datagram_socket> unix_datagram_socket::pair() {
    auto [here, there] = create_unix_pair(unix_type::datagram);
    return {unix_datagram_socket{std::move(here)}, unix_datagram_socket{std::move(there)}};
}

unix_datagram_status unix_datagram_socket::send_to(const unix_address& to,
                                                   std::span<const std::byte> message,
                                                   deadline until,
                                                   std::span<const int> descriptors) {
    return send_message(&to, message, until, descriptors);
}

unix_datagram_status unix_datagram_socket::send(std::span<const std::byte> message, deadline until,
                                                std::span<const int> descriptors) {
    return send_message(nullptr, message, until, descriptors);
}

unix_datagram_status unix_datagram_socket::send_message(const unix_address* to,
                                                        std::span<const std::byte> message,
                                                        deadline until,
                                                        std::span<const int> descriptors) {
    iovec bytes{const_cast<std::byte*>(message.data()), message.size()};
    ancillary_buffer beside{descriptors};
    msghdr header = header_of(bytes, beside);
    if (to != nullptr) {
        header.msg_name = const_cast<void*>(to->data());
        header.msg_namelen = to->size();
    }
    const long result = send_within(fd(), header, until);
    if (result == -EAGAIN) return unix_datagram_status::timed_out;
    if (is_nobody(result)) return unix_datagram_status::nobody;
    if (result < 0) {
        fail(result, "send message of " + std::to_string(message.size()) + " bytes",
             to == nullptr ? "" : to->text(),
             result == -EACCES ? "check its owner and mode" : advice_for_sending(result));
    }
    return unix_datagram_status::moved;
}

unix_datagram_received unix_datagram_socket::receive(std::span<std::byte> buffer, deadline until,
                                                     std::size_t descriptors_max) {
    descriptors_max = std::min(descriptors_max, message_descriptors_max);
    ancillary with;
    with.descriptors.reserve(descriptors_max + 1);
    ancillary_buffer beside{descriptors_max, ancillary_buffer::sender::wanted};
    iovec bytes{buffer.data(), buffer.size()};
    sockaddr_un sender{};
    msghdr header{};
    const long result = call_until(fd(), readiness::readable, until, [&](waiting wait) {
        header = header_of(bytes, beside);
        header.msg_name = &sender;
        header.msg_namelen = sizeof sender;
        const int flags = MSG_CMSG_CLOEXEC | (wait == waiting::yes ? 0 : MSG_DONTWAIT);
        return call(SYS_recvmsg, fd(), &header, flags);
    });
    if (result == -EAGAIN) return {.status = unix_datagram_status::timed_out};
    if (is_nobody(result)) return {.status = unix_datagram_status::nobody};
    check(result, "receive message");
    take_ancillary(&header, descriptors_max, with);
    return {.bytes = static_cast<std::size_t>(result),
            .truncated = (header.msg_flags & MSG_TRUNC) != 0,
            .descriptors_lost = with.descriptors_lost,
            .descriptors = std::move(with.descriptors),
            .sender = sender_of(sender, header.msg_namelen),
            .credentials = with.sender};
}

}  // namespace signet::os
