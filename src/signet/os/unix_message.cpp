// SPDX-License-Identifier: Apache-2.0
#include <signet/os/unix_message.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

namespace signet::os {
namespace {

constexpr std::size_t control_bytes_max = CMSG_SPACE(message_descriptors_max * sizeof(int));

struct control_buffer {
    alignas(cmsghdr) std::array<char, control_bytes_max> bytes;
};

void attach(msghdr& header, control_buffer& control, std::span<const int> descriptors) {
    if (descriptors.empty()) return;
    control.bytes.fill(0);
    header.msg_control = control.bytes.data();
    header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* part = CMSG_FIRSTHDR(&header);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(part), descriptors.data(), descriptors.size_bytes());
}

const char* advice_for(long result) {
    switch (result) {
        case -EMSGSIZE: return "send large payloads in a memfd, or raise net.core.wmem_max";
        case -ETOOMANYREFS: return "the peer must receive the descriptors sent so far first";
        case -EPERM: return "the peer refuses descriptors";
        default: return "";
    }
}

// The control buffer is for aligned parts, so it may have room for one descriptor more than asked
// for. All that the kernel has opened is owned here, before anything can throw: `owned` has room.
void own_all(msghdr& header, std::vector<descriptor>& owned) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr;
         part = CMSG_NXTHDR(&header, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(part) + i * sizeof(int), sizeof number);
            owned.emplace_back(number);
        }
    }
}

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

send_result try_send_message(const descriptor& socket, std::span<const std::byte> message,
                             std::span<const int> descriptors) {
    if (message.empty()) throw contract_violation{"a message has at least one byte"};
    if (descriptors.size() > message_descriptors_max) {
        throw contract_violation{"a message carries at most 253 descriptors"};
    }
    iovec bytes{const_cast<std::byte*>(message.data()), message.size()};
    control_buffer control;
    msghdr header{};
    header.msg_iov = &bytes;
    header.msg_iovlen = 1;
    attach(header, control, descriptors);
    // EINTR: a message is sent whole or not at all, so it is sent again.
    const long result =
        call_uninterrupted(SYS_sendmsg, socket.get(), &header, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (result == -EAGAIN) return send_result::full;
    if (result == -EPIPE || result == -ECONNRESET) return send_result::closed;
    if (result < 0) {
        fail(result, "send message", std::to_string(message.size()) + " bytes", advice_for(result));
    }
    return send_result::sent;
}

receive_result try_receive_message(const descriptor& socket, std::span<std::byte> buffer,
                                   std::size_t descriptors_max) {
    descriptors_max = std::min(descriptors_max, message_descriptors_max);
    receive_result result;
    result.descriptors.reserve(descriptors_max + 1);
    iovec bytes{buffer.data(), buffer.size()};
    control_buffer control;
    msghdr header{};
    header.msg_iov = &bytes;
    header.msg_iovlen = 1;
    header.msg_control = descriptors_max == 0 ? nullptr : control.bytes.data();
    header.msg_controllen = descriptors_max == 0 ? 0 : CMSG_SPACE(descriptors_max * sizeof(int));
    const long count = receive(socket, header);
    if (count == -EAGAIN) return result;
    check(count, "receive message");
    own_all(header, result.descriptors);
    result.descriptors_lost =
        (header.msg_flags & MSG_CTRUNC) != 0 || result.descriptors.size() > descriptors_max;
    if (result.descriptors.size() > descriptors_max) result.descriptors.pop_back();
    result.status = count == 0 ? receive_status::closed : receive_status::message;
    result.bytes = static_cast<std::size_t>(count);
    result.truncated = (header.msg_flags & MSG_TRUNC) != 0;
    return result;
}

}  // namespace signet::os
