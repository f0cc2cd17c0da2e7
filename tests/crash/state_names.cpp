// SPDX-License-Identifier: Apache-2.0
#include "state_names.hpp"

#include "region_names.hpp"

#include <signet/base/error.hpp>
#include <signet/memory/byte_ring.hpp>
#include <signet/memory/ready_board.hpp>
#include <signet/wire/frame.hpp>

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <vector>

namespace signet::tests {
namespace {

using memory::bell_page;
using memory::bell_words;
using memory::ready_place;
using memory::segment_header;
using memory::subscriber_page;

std::string file_of(long fd) {
    std::array<char, 64> target{};
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    const ssize_t length = readlink(link.c_str(), target.data(), target.size() - 1);
    const std::string text{target.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
    const bool region =
        text.find("/regions/") != std::string::npos || text.find("/queues/") != std::string::npos;
    if (region) return "signet-region";
    constexpr std::string_view prefix = "/memfd:";
    if (!text.starts_with(prefix)) return {};
    return text.substr(prefix.size(), text.find(' ') - prefix.size());
}

std::string segment_word(std::size_t offset, const memory::topic_geometry& g) {
    if (offset == offsetof(segment_header, frontier)) return "frontier";
    if (offset == offsetof(segment_header, passing)) return "passing";
    if (offset == offsetof(segment_header, published)) return "published";
    if (offset < g.slots_offset()) return "segment header";
    if (offset >= g.slots_offset() + g.depth * g.slot_bytes) return "chunk";
    const std::size_t in_slot = (offset - g.slots_offset()) % g.slot_bytes;
    if (in_slot == offsetof(memory::slot, stamp)) return "slot.stamp";
    return in_slot == offsetof(memory::slot, shape) ? "slot.shape" : "slot.payload";
}

std::string page_word(std::size_t offset) {
    if (offset == offsetof(subscriber_page, cursor)) return "cursor";
    if (offset == offsetof(subscriber_page, start)) return "start";
    if (offset == offsetof(subscriber_page, lost)) return "lost";
    if (offset == offsetof(subscriber_page, opened)) return "opened";
    return offset >= offsetof(subscriber_page, hazard) ? "hazard" : "page header";
}

std::string ring_word(std::size_t offset) {
    if (offset == offsetof(memory::ring_page, lap)) return "lap";
    if (offset == offsetof(memory::ring_page, closed)) return "closed";
    if (offset == offsetof(memory::ring_page, ended)) return "ended";
    return offset < memory::page_bytes ? "ring header" : "record";
}

std::string bell_word(std::size_t offset) {
    const std::string bell = offset < offsetof(bell_page, room) ? "data" : "room";
    if (offset % sizeof(bell_words) == offsetof(bell_words, told_at)) return bell + ".told_at";
    return bell + (offset % sizeof(bell_words) == 0 ? ".word" : ".epoch");
}

std::string board_word(std::size_t offset) {
    const std::size_t at = offset % sizeof(ready_place);
    if (at == offsetof(ready_place, groups)) return "place.groups";
    if (at > offsetof(ready_place, groups)) return "place.marks";
    return at == 0 ? "place.word" : "place.epoch";
}

std::string word_name(const known_memory::place& at, const void* word,
                      const memory::topic_geometry& shape) {
    if (at.file == "signet-region") {
        return region_word_name(static_cast<const std::byte*>(word) - at.offset, at.offset);
    }
    if (at.file == "signet-topic") return segment_word(at.offset, shape);
    if (at.file == "signet-subscriber") return page_word(at.offset);
    if (at.file == "signet-ring") return ring_word(at.offset);
    if (at.file == "signet-bells") return bell_word(at.offset);
    if (at.file == "signet-board") return board_word(at.offset);
    return "unknown word";
}

// Of a frame of the control link; others send too.
std::string frame_kind(long header_address) try {
    const auto& header = *reinterpret_cast<const msghdr*>(header_address);
    const auto* const bytes = static_cast<const std::byte*>(header.msg_iov->iov_base);
    return wire::frame_reader{{bytes, header.msg_iov->iov_len}}.kind();
} catch (const signet::error&) {
    return "of a carrier";
}

std::string futex_name(long operation, const void* word, const known_memory& all) {
    const bool wakes = (operation & FUTEX_CMD_MASK) == FUTEX_WAKE;
    const std::string name = wakes ? "futex_wake" : "futex_wait";
    if ((operation & FUTEX_PRIVATE_FLAG) != 0) return name + " notice";
    const known_memory::place at = all.find(word);
    return at.file == "signet-region" ? name + ' ' + word_name(at, word, {}) : name;
}

std::string fcntl_name(long operation) {
    if (operation == F_ADD_SEALS) return "seal";
    if (operation == F_OFD_SETLK) return "lock of a byte";
    return operation == F_OFD_GETLK ? "look at a byte" : "fcntl";
}

const std::map<long, const char*> call_names{
    {SYS_accept4, "accept4"},
    {SYS_bind, "bind"},
    {SYS_close, "close"},
    {SYS_connect, "connect"},
    {SYS_dup3, "dup3"},
    {SYS_epoll_create1, "epoll_create1"},
    {SYS_epoll_ctl, "epoll_ctl"},
    {SYS_epoll_pwait2, "epoll_pwait2"},
    {SYS_eventfd2, "eventfd2"},
    {SYS_faccessat2, "faccessat2"},
    {SYS_fallocate, "fallocate"},
    {SYS_fchmodat, "fchmodat"},
    {SYS_fstat, "fstat"},
    {SYS_fstatfs, "fstatfs"},
    {SYS_ftruncate, "ftruncate"},
    {SYS_futex_waitv, "futex_waitv"},
    {SYS_getdents64, "getdents64"},
    {SYS_geteuid, "geteuid"},
    {SYS_getpid, "getpid"},
    {SYS_getrandom, "getrandom"},
    {SYS_getuid, "getuid"},
    {SYS_gettid, "gettid"},
    {SYS_set_robust_list, "set_robust_list"},
    {SYS_getsockopt, "getsockopt"},
    {SYS_linkat, "linkat"},
    {SYS_listen, "listen"},
    {SYS_madvise, "madvise"},
    {SYS_membarrier, "membarrier"},
    {SYS_memfd_create, "memfd_create"},
    {SYS_mkdirat, "mkdirat"},
    {SYS_munmap, "munmap"},
    {SYS_newfstatat, "fstatat"},
    {SYS_openat, "openat"},
    {SYS_pidfd_open, "pidfd_open"},
    {SYS_ppoll, "ppoll"},
    {SYS_read, "read"},
    {SYS_recvfrom, "recvfrom"},
    {SYS_recvmsg, "recvmsg"},
    {SYS_renameat2, "renameat2"},
    {SYS_sendto, "sendto"},
    {SYS_shutdown, "shutdown"},
    {SYS_socket, "socket"},
    {SYS_setsockopt, "setsockopt"},
    {SYS_unlinkat, "unlinkat"},
    {SYS_waitid, "waitid"},
    {SYS_write, "write"},
    {SYS_rt_sigprocmask, "sigprocmask"},
};

const char* plain_name(long number) {
    const auto known = call_names.find(number);
    return known == call_names.end() ? nullptr : known->second;
}

}  // namespace

void known_memory::note(long result, const os::kernel_arguments& arguments) {
    constexpr std::size_t bytes_at = 1;
    constexpr std::size_t fd_at = 4;
    const std::size_t index = count_.fetch_add(1);
    if (index >= regions_max) return;
    region& one = regions_[index];
    std::snprintf(one.file.data(), one.file.size(), "%s", file_of(arguments[fd_at]).c_str());
    one.begin = static_cast<std::size_t>(result);
    one.bytes = static_cast<std::size_t>(arguments[bytes_at]);
}

known_memory::place known_memory::find(const void* word) const {
    const auto address = reinterpret_cast<std::size_t>(word);
    for (std::size_t i = std::min(count_.load(), regions_max); i != 0; --i) {
        const region& one = regions_[i - 1];
        if (address - one.begin < one.bytes) return {one.file.data(), address - one.begin};
    }
    return {};
}

std::string name_of_access(memory::access_kind kind, const void* word, const known_memory& all,
                           const memory::topic_geometry& shape) {
    if (kind == memory::access_kind::fence) return "fence";
    constexpr std::array verbs{"load ", "store ", "exchange "};
    return verbs[static_cast<std::size_t>(kind)] + word_name(all.find(word), word, shape);
}

std::string name_of_call(long number, const os::kernel_arguments& arguments,
                         const known_memory& all) {
    if (number == SYS_sendmsg) return "sendmsg " + frame_kind(arguments[1]);
    if (number == SYS_futex) {
        return futex_name(arguments[1], reinterpret_cast<const void*>(arguments[0]), all);
    }
    if (number == SYS_mmap) return "mmap " + file_of(arguments[4]);
    if (number == SYS_fcntl) return fcntl_name(arguments[1]);
    const char* const name = plain_name(number);
    return name != nullptr ? name : "call " + std::to_string(number);
}

state_histogram& state_histogram::instance() {
    static state_histogram one;
    return one;
}

std::string state_histogram::text() const {
    std::vector<std::pair<std::string, int>> rows{kills_.begin(), kills_.end()};
    std::stable_sort(rows.begin(), rows.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    std::string text;
    for (const auto& [state, kills] : rows) {
        text += std::string(6 - std::min<std::size_t>(std::to_string(kills).size(), 6), ' ') +
                std::to_string(kills) + "  before " + state + '\n';
    }
    return text;
}

}  // namespace signet::tests
