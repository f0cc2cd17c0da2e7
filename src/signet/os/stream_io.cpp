// SPDX-License-Identifier: Apache-2.0
#include <signet/os/stream_io.hpp>

#include <signet/os/kernel.hpp>

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

// The same for at least one byte, which one successful call moves: what each message takes.
template <typename Move>
stream_result transfer_some(std::string_view name, int fd, readiness wanted, deadline until,
                            Move move) {
    const long result = call_until(fd, wanted, until, move);
    if (result > 0) return {stream_status::moved, static_cast<std::size_t>(result)};
    if (const auto ending = ending_of(result, wanted)) return {*ending, 0};
    check_transfer(result, wanted, name);
    return {};  // nothing was asked for
}

}  // namespace

stream_result read_some(const stream_calls& calls, int fd, std::span<std::byte> buffer,
                        deadline until) {
    if (buffer.empty()) return {};
    return transfer_some(calls.name, fd, readiness::readable, until,
                         [&](waiting wait) { return calls.read(fd, buffer, wait); });
}

stream_result read_all(const stream_calls& calls, int fd, std::span<std::byte> buffer,
                       deadline until) {
    return transfer(
        calls.name, fd, readiness::readable, buffer.size(), until,
        [&](std::size_t done, waiting wait) { return calls.read(fd, buffer.subspan(done), wait); });
}

stream_result write_some(const stream_calls& calls, int fd, std::span<const std::byte> bytes,
                         deadline until) {
    if (bytes.empty()) return {};
    return transfer_some(calls.name, fd, readiness::writable, until,
                         [&](waiting wait) { return calls.write(fd, bytes, wait); });
}

stream_result write_all(const stream_calls& calls, int fd, std::span<const std::byte> bytes,
                        deadline until) {
    return transfer(
        calls.name, fd, readiness::writable, bytes.size(), until,
        [&](std::size_t done, waiting wait) { return calls.write(fd, bytes.subspan(done), wait); });
}

}  // namespace signet::os
