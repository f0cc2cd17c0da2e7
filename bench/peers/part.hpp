// SPDX-License-Identifier: Apache-2.0
// The part one process plays in a comparison, as its command line says it, and what it found, as
// its standard output does: one JSON object on one line. For one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace peers {

enum class role { ask, answer, send, receive, call, pipeline, serve };

/// How to wait for a message: look again and again, or sleep in whatever the peer offers.
enum class waiting { poll, block };

struct part {
    peers::role role{};
    std::size_t bytes = 0;
    std::chrono::milliseconds length{};
    std::optional<int> cpu;  ///< none: wherever the kernel likes
    peers::waiting waiting{};
    std::string place;  ///< a directory of this measurement's own, in memory; its name is unique

    /// Of two processes, the one that speaks first.
    bool leads() const noexcept { return role == role::ask || role == role::send; }

    /// A name of this measurement's own that both sides know.
    std::string name() const;
};

/// `PROGRAM ROLE BYTES MILLISECONDS CPU|free poll|block PLACE`. None: it is not that.
std::optional<part> parse(int count, char** arguments);

/// The other role of the same measurement, for a process that is told by its peer which one it is.
role partner_of(role one) noexcept;

/// Ends with its parent, and runs on its cpu alone. Threads made from now on do too. Throws
/// std::system_error.
void settle(const part& mine);

/// Tells a process that waits in wait_until_ready() that it may go on. Throws std::system_error.
void say_ready(const part& mine);

/// Waits until the other side said that it is ready.
void wait_until_ready(const part& mine);

/// Waits until standard input ends, so that nobody leaves while the other side still needs it.
void wait_for_dismissal();

/// What is wrong with the messages that came: all zero if nothing is.
struct faults {
    std::uint64_t lost = 0;
    std::uint64_t reordered = 0;
    std::uint64_t changed = 0;
};

void print_round_trip(double p50_ns, double p99_ns, std::uint64_t messages, const faults& found);
void print_stream(double msgs_per_s, std::uint64_t messages, const faults& found);
void print_faults(const faults& found);
void print_failure(const char* what);

}  // namespace peers
