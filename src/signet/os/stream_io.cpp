// SPDX-License-Identifier: Apache-2.0
#include <signet/os/stream_io.hpp>

#include <signet/os/kernel.hpp>

#include <algorithm>
#include <optional>
#include <string>

namespace signet::os {
namespace {

std::optional<stream_status> ending_of(long result, readiness wanted) {
    const bool no_more = result == 0 && wanted == readiness::readable;
    if (no_more || result == -EPIPE) return stream_status::ended;
    if (result == -ECONNRESET) return stream_status::reset;
    if (result == -EAGAIN) return stream_status::timed_out;
    return std::nullopt;
}

void check_transfer(long result, readiness wanted, std::string_view name) {
    if (result >= 0) return;
    const std::string verb = wanted == readiness::readable ? "read from " : "write to ";
    const bool lost = result == -ETIMEDOUT || result == -EHOSTUNREACH;
    fail(result, verb + std::string{name}, {},
         lost ? "the peer answers no more: its machine or the network between is down" : "");
}

// Calls `move` with the count so far until `enough` bytes are moved.
template <typename Move>
stream_result transfer(std::string_view name, int fd, readiness wanted, std::size_t enough,
                       deadline until, Move move) {
    std::size_t done = 0;
    while (done < enough) {
        const long result =
            call_until(fd, wanted, until, [&](waiting wait) { return move(done, wait); });
        if (const auto ending = ending_of(result, wanted)) return {*ending, done};
        check_transfer(result, wanted, name);
        done += static_cast<std::size_t>(result);
    }
    return {stream_status::moved, done};
}

stream_result read(const stream_calls& calls, int fd, std::span<std::byte> buffer,
                   std::size_t enough, deadline until) {
    const auto move = [&](std::size_t done, waiting wait) {
        return calls.read(fd, buffer.subspan(done), wait);
    };
    return transfer(calls.name, fd, readiness::readable, enough, until, move);
}

stream_result write(const stream_calls& calls, int fd, std::span<const std::byte> bytes,
                    std::size_t enough, deadline until) {
    const auto move = [&](std::size_t done, waiting wait) {
        return calls.write(fd, bytes.subspan(done), wait);
    };
    return transfer(calls.name, fd, readiness::writable, enough, until, move);
}

std::size_t one_of(std::size_t bytes) {
    return std::min<std::size_t>(bytes, 1);
}

}  // namespace

stream_result read_some(const stream_calls& calls, int fd, std::span<std::byte> buffer,
                        deadline until) {
    return read(calls, fd, buffer, one_of(buffer.size()), until);
}

stream_result read_all(const stream_calls& calls, int fd, std::span<std::byte> buffer,
                       deadline until) {
    return read(calls, fd, buffer, buffer.size(), until);
}

stream_result write_some(const stream_calls& calls, int fd, std::span<const std::byte> bytes,
                         deadline until) {
    return write(calls, fd, bytes, one_of(bytes.size()), until);
}

stream_result write_all(const stream_calls& calls, int fd, std::span<const std::byte> bytes,
                        deadline until) {
    return write(calls, fd, bytes, bytes.size(), until);
}

}  // namespace signet::os
