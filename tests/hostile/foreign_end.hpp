// SPDX-License-Identifier: Apache-2.0
// An end of a conversation of calls that is written by hand, frame by frame, as a peer of another
// language or a hostile one would. Belongs to one thread.
#pragma once

#include <signet/channel.hpp>
#include <signet/wire/arguments.hpp>
#include <signet/wire/rpc_frame.hpp>
#include <signet/wire/rpc_splitter.hpp>
#include <signet/wire/special_value.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace signet::tests {

using frame_text = std::vector<std::byte>;

template <class T>
void append_argument(frame_text& into, const T& value) {
    if constexpr (std::is_same_v<T, wire::special_value>)
        wire::append_special(into, value);
    else
        wire::append_value(into, value);
}

/// What the rider says is what is sent, true or not.
template <class... Args>
frame_text request(std::uint32_t id, std::string_view method, const wire::rpc_rider& rider,
                   const Args&... args) {
    frame_text frame;
    wire::put_request_head(frame, id, method, rider, sizeof...(args));
    (append_argument(frame, args), ...);
    return frame;
}

template <class... Args>
frame_text notification(std::string_view method, const Args&... args) {
    frame_text frame;
    wire::put_notification_head(frame, method, {}, sizeof...(args));
    (append_argument(frame, args), ...);
    return frame;
}

template <class T>
frame_text response(std::uint32_t id, const T& result) {
    frame_text frame;
    wire::put_result_head(frame, id);
    append_argument(frame, result);
    return frame;
}

inline frame_text hello() {
    return request(0, "signet.hello", {}, 1);
}

class foreign_end {
public:
    explicit foreign_end(raw_channel on) : line_{std::move(on)} {}

    raw_channel& line() noexcept { return line_; }

    /// False: the other end has gone.
    bool send(const frame_text& frame) {
        try {
            return line_.send(frame);
        } catch (const error&) {
            return false;
        }
    }

    /// The next frame, valid until the next one is asked for; none: the other end has gone.
    std::optional<wire::rpc_frame> next() {
        for (;;) {
            if (const auto bytes = splitter_.next()) return wire::read_rpc_frame(*bytes);
            if (!receive()) return std::nullopt;
        }
    }

    /// The next frame that is to be answered.
    std::optional<wire::rpc_frame> next_request() {
        while (auto frame = next()) {
            if (frame->kind == wire::rpc_kind::request) return frame;
        }
        return std::nullopt;
    }

    /// The answer to that call; frames before it are passed over.
    std::optional<wire::rpc_frame> answer_to(std::uint32_t id) {
        while (auto frame = next()) {
            if (frame->kind == wire::rpc_kind::response && frame->id == id) return frame;
        }
        return std::nullopt;
    }

    /// Whether the other end ends the conversation, whatever it says before.
    bool is_ended() {
        while (next()) {
        }
        return true;
    }

private:
    bool receive() {
        try {
            const auto got = line_.receive();
            if (got) splitter_.give(got->bytes);
            return got.has_value();
        } catch (const error&) {
            return false;
        }
    }

    raw_channel line_;
    wire::rpc_splitter splitter_{std::uint64_t{64} << 20};
};

}  // namespace signet::tests
