// SPDX-License-Identifier: Apache-2.0
// What `signet cat` writes to standard output: the messages as they are, or with --json one object
// a line for each thing that happens. For the main thread.
#pragma once

#include <signet/channel.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace signet::command {

enum class cat_style {
    lines,  ///< each message is a line
    bytes,  ///< nothing is put between them
    json,
};

/// What one direction has carried.
struct carried {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;

    void count(std::size_t message_bytes) {
        ++messages;
        bytes += message_bytes;
    }
};

class cat_printer {
public:
    explicit cat_printer(cat_style how);

    /// With --json only.
    void connected(std::string_view address, const peer_identity& peer);
    void ended(std::string_view how, const carried& sent, const carried& received);

    /// Where it listens: to standard error, so that it can be waited for; or with --json.
    void listening(std::string_view address);

    void message(std::span<const std::byte> bytes);

private:
    cat_style style_;
    bool to_people_;
    std::string line_;
};

}  // namespace signet::command
