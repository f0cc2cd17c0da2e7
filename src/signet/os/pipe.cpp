// SPDX-License-Identifier: Apache-2.0
#include <signet/os/pipe.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/kernel_setting.hpp>
#include <signet/os/poll.hpp>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <string>

namespace signet::os {
namespace {

constexpr const char* size_max_path = "/proc/sys/fs/pipe-max-size";
constexpr const char* pages_max_path = "/proc/sys/fs/pipe-user-pages-soft";
constexpr std::size_t capacity_max_default = std::size_t{1} << 20;

std::string capacity_advice(long result) {
    if (result == -EBUSY) return "read what it holds first";
    if (result != -EPERM) return {};
    return "ask for less, or " + raise_setting(size_max_path) + " (bytes of a pipe), or " +
           raise_setting(pages_max_path) + " (pages of all pipes of a user)";
}

descriptor checked_pipe(descriptor handle) {
    struct stat file{};
    check(call(SYS_fstat, handle.get(), &file), "inspect descriptor");
    if (!S_ISFIFO(file.st_mode)) fail(-EINVAL, "use descriptor as a pipe", {}, "it is no pipe");
    return handle;
}

// A spare part of the vector takes what the buffer has no room for; a read ends with its packet.
long take_packet(int fd, std::span<std::byte> buffer, waiting wait) {
    std::array<std::byte, pipe_atomic_bytes> rest;
    const std::array<iovec, 2> parts{iovec{buffer.data(), buffer.size()},
                                     iovec{rest.data(), rest.size()}};
    if (wait == waiting::yes) return call(SYS_readv, fd, parts.data(), parts.size());
    const long result = call(SYS_preadv2, fd, parts.data(), parts.size(), -1, -1, RWF_NOWAIT);
    if (result != -EOPNOTSUPP) return result;
    if (!wait_readable(fd, deadline::min())) return -EAGAIN;  // before Linux 6.4
    return call(SYS_readv, fd, parts.data(), parts.size());
}

}  // namespace

std::size_t pipe_capacity_max() {
    return kernel_setting(size_max_path).value_or(capacity_max_default);
}

void widen_pipe(int fd, std::size_t bytes) noexcept {
    const long now = call(SYS_fcntl, fd, F_GETPIPE_SZ);
    if (now < 0 || static_cast<std::size_t>(now) >= bytes) return;
    call(SYS_fcntl, fd, F_SETPIPE_SZ, bytes);  // EPERM, EBUSY, ENOMEM: it stays as it was
}

std::size_t pipe_end::capacity() const {
    return static_cast<std::size_t>(
        check(call(SYS_fcntl, fd(), F_GETPIPE_SZ), "ask for the capacity of a pipe"));
}

std::size_t pipe_end::set_capacity(std::size_t bytes) {
    const long result = call(SYS_fcntl, fd(), F_SETPIPE_SZ, bytes);
    if (result < 0) {
        fail(result, "set the capacity of a pipe", std::to_string(bytes) + " bytes",
             capacity_advice(result));
    }
    return static_cast<std::size_t>(result);
}

std::size_t pipe_end::unread_bytes() const {
    int bytes = 0;
    check(call(SYS_ioctl, fd(), FIONREAD, &bytes), "count what a pipe holds");
    return static_cast<std::size_t>(bytes);
}

void pipe_end::require(pipe_mode wanted) const {
    if (mode_ == wanted) return;
    throw contract_violation{mode_ == pipe_mode::packets
                                 ? "a pipe in packet mode moves packets, not bytes"
                                 : "a pipe of bytes has no packets"};
}

pipe_reader pipe_reader::adopt(descriptor handle, pipe_mode mode) {
    return {checked_pipe(std::move(handle)), mode};
}

stream_result pipe_reader::read_some(std::span<std::byte> buffer, deadline until) {
    require(pipe_mode::bytes);
    return os::read_some(pipe_calls, fd(), buffer, until);
}

stream_result pipe_reader::read_all(std::span<std::byte> buffer, deadline until) {
    require(pipe_mode::bytes);
    return os::read_all(pipe_calls, fd(), buffer, until);
}

packet_result pipe_reader::read_packet(std::span<std::byte> buffer, deadline until) {
    require(pipe_mode::packets);
    const long result = call_until(fd(), readiness::readable, until,
                                   [&](waiting wait) { return take_packet(fd(), buffer, wait); });
    if (result == -EAGAIN) return {.status = stream_status::timed_out};
    const auto bytes = static_cast<std::size_t>(check(result, "read from pipe"));
    return {.status = bytes == 0 ? stream_status::ended : stream_status::moved,
            .bytes = std::min(bytes, buffer.size()),
            .truncated = bytes > buffer.size()};
}

pipe_writer pipe_writer::adopt(descriptor handle) {
    descriptor checked = checked_pipe(std::move(handle));
    const long flags = check(call(SYS_fcntl, checked.get(), F_GETFL), "inspect pipe");
    const bool packets = (flags & O_DIRECT) != 0;
    return {std::move(checked), packets ? pipe_mode::packets : pipe_mode::bytes};
}

stream_result pipe_writer::write_some(std::span<const std::byte> bytes, deadline until) {
    require(pipe_mode::bytes);
    return os::write_some(pipe_calls, fd(), bytes, until);
}

stream_result pipe_writer::write_all(std::span<const std::byte> bytes, deadline until) {
    require(pipe_mode::bytes);
    return os::write_all(pipe_calls, fd(), bytes, until);
}

stream_result pipe_writer::write_packet(std::span<const std::byte> packet, deadline until) {
    require(pipe_mode::packets);
    if (packet.empty() || packet.size() > pipe_atomic_bytes) {
        throw contract_violation{"a packet of a pipe has 1 to 4096 bytes"};
    }
    return os::write_all(pipe_calls, fd(), packet, until);
}

pipe_ends pipe_ends::create(pipe_mode mode) {
    std::array<int, 2> numbers{-1, -1};
    const int flags = O_CLOEXEC | (mode == pipe_mode::packets ? O_DIRECT : 0);
    check(call(SYS_pipe2, numbers.data(), flags), "create pipe");
    descriptor reading{numbers[0]};
    descriptor writing{numbers[1]};
    return {pipe_reader{std::move(reading), mode}, pipe_writer{std::move(writing), mode}};
}

}  // namespace signet::os
