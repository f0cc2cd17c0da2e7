// SPDX-License-Identifier: Apache-2.0
#include <signet/os/unix_message.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/kernel_setting.hpp>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <string>

namespace signet::os {
namespace {

constexpr std::size_t buffer_default = 212992;
constexpr std::size_t kept_bytes = 32;  // of a send buffer, by the kernel

// A peer that closes with unread messages of ours leaves one ECONNRESET, which the kernel reports
// before the messages the peer sent; they are read after it. EINTR: nothing was taken yet.
long receive(const descriptor& socket, msghdr& header) {
    constexpr int flags = MSG_DONTWAIT | MSG_CMSG_CLOEXEC;
    const long first = call_uninterrupted(SYS_recvmsg, socket.get(), &header, flags);
    if (first != -ECONNRESET) return first;
    const long second = call_uninterrupted(SYS_recvmsg, socket.get(), &header, flags);
    return second == -ECONNRESET ? 0 : second;
}

}  // namespace

std::size_t unix_message_bytes_max() {
    return kernel_setting("/proc/sys/net/core/wmem_default").value_or(buffer_default) - kept_bytes;
}

std::string_view advice_for_sending(long result) {
    switch (result) {
        case -EMSGSIZE: return "send large payloads in a memfd, or raise net.core.wmem_max";
        case -ETOOMANYREFS: return "the peer must receive the descriptors sent so far first";
        case -EPERM: return "the peer refuses descriptors";
        default: return "";
    }
}

send_result try_send_message(const descriptor& socket, std::span<const std::byte> message,
                             std::span<const int> descriptors) {
    if (message.empty()) throw contract_violation{"a message has at least one byte"};
    iovec bytes{const_cast<std::byte*>(message.data()), message.size()};
    ancillary_buffer beside{descriptors};
    msghdr header{};
    header.msg_iov = &bytes;
    header.msg_iovlen = 1;
    header.msg_control = beside.data();
    header.msg_controllen = beside.size();
    // EINTR: a message is sent whole or not at all, so it is sent again.
    const long result =
        call_uninterrupted(SYS_sendmsg, socket.get(), &header, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (result == -EAGAIN) return send_result::full;
    if (result == -EPIPE || result == -ECONNRESET) return send_result::closed;
    if (result < 0) {
        fail(result, "send message", std::to_string(message.size()) + " bytes",
             advice_for_sending(result));
    }
    return send_result::sent;
}

receive_result try_receive_message(const descriptor& socket, std::span<std::byte> buffer,
                                   std::size_t descriptors_max) {
    descriptors_max = std::min(descriptors_max, message_descriptors_max);
    ancillary with;
    with.descriptors.reserve(descriptors_max + 1);
    iovec bytes{buffer.data(), buffer.size()};
    ancillary_buffer beside{descriptors_max, ancillary_buffer::sender::unasked};
    msghdr header{};
    header.msg_iov = &bytes;
    header.msg_iovlen = 1;
    header.msg_control = beside.data();
    header.msg_controllen = beside.size();
    const long count = receive(socket, header);
    if (count == -EAGAIN) return {};
    check(count, "receive message");
    take_ancillary(&header, descriptors_max, with);
    return {.status = count == 0 ? receive_status::closed : receive_status::message,
            .bytes = static_cast<std::size_t>(count),
            .truncated = (header.msg_flags & MSG_TRUNC) != 0,
            .descriptors_lost = with.descriptors_lost,
            .descriptors = std::move(with.descriptors)};
}

}  // namespace signet::os
