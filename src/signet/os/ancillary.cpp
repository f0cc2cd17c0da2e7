// SPDX-License-Identifier: Apache-2.0
#include <signet/os/ancillary.hpp>

#include <signet/base/error.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace signet::os {
namespace {

constexpr std::size_t space_of(std::size_t descriptors) {
    return descriptors == 0 ? 0 : CMSG_SPACE(descriptors * sizeof(int));
}

// The room is for aligned parts, so there may be one descriptor more than asked for.
void own_descriptors(const cmsghdr* part, std::vector<descriptor>& owned) {
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
        int number = -1;
        std::memcpy(&number, CMSG_DATA(part) + i * sizeof(int), sizeof number);
        owned.emplace_back(number);
    }
}

peer_credentials credentials_in(const cmsghdr* part) {
    ucred sender{};
    std::memcpy(&sender, CMSG_DATA(part), sizeof sender);
    return {.pid = sender.pid, .uid = sender.uid, .gid = sender.gid};
}

}  // namespace

ancillary_buffer::ancillary_buffer(std::span<const int> descriptors)
    : size_{space_of(std::min(descriptors.size(), message_descriptors_max))} {
    static_assert(space_of(message_descriptors_max) + CMSG_SPACE(sizeof(ucred)) <= bytes_max);
    if (descriptors.size() > message_descriptors_max) {
        throw contract_violation{"a message carries at most 253 descriptors"};
    }
    if (descriptors.empty()) return;
    std::fill_n(bytes_.begin(), size_, '\0');
    auto* part = reinterpret_cast<cmsghdr*>(bytes_.data());
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(part), descriptors.data(), descriptors.size_bytes());
}

ancillary_buffer::ancillary_buffer(std::size_t descriptors_max, sender wanted)
    : size_{space_of(std::min(descriptors_max, message_descriptors_max)) +
            (wanted == sender::wanted ? CMSG_SPACE(sizeof(ucred)) : 0)} {}

void take_ancillary(void* message, std::size_t descriptors_max, ancillary& into) {
    auto& header = *static_cast<msghdr*>(message);
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr;
         part = CMSG_NXTHDR(&header, part)) {
        if (part->cmsg_level != SOL_SOCKET) continue;
        if (part->cmsg_type == SCM_RIGHTS) own_descriptors(part, into.descriptors);
        if (part->cmsg_type == SCM_CREDENTIALS) into.sender = credentials_in(part);
    }
    into.descriptors_lost =
        (header.msg_flags & MSG_CTRUNC) != 0 || into.descriptors.size() > descriptors_max;
    if (into.descriptors.size() > descriptors_max) into.descriptors.resize(descriptors_max);
}

}  // namespace signet::os
