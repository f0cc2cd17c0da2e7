// SPDX-License-Identifier: Apache-2.0
// A server of calls that is not of Signet's, and may mean harm: one client, over a unix socket. It
// answers in a thread of its own.
#pragma once

#include <signet/channel.hpp>
#include <signet/listener.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/wire/rpc_frame.hpp>
#include <signet/wire/rpc_splitter.hpp>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace signet::testing {

class foreign_server {
public:
    /// Appends the whole answer to a request, or nothing.
    using answering = std::function<void(const wire::rpc_frame&, std::vector<std::byte>&)>;

    explicit foreign_server(answering answer)
        : answer_{std::move(answer)}, thread_{[this] { serve(); }} {}

    std::string address() const { return door_.address(); }

    /// The methods that were asked for, once its client has gone.
    std::vector<std::string> asked() {
        thread_.join();
        return asked_;
    }

private:
    void serve() {
        auto line = door_.accept();
        wire::rpc_splitter frames{1 << 20};
        while (const auto bytes = line->receive()) {
            frames.give(bytes->bytes);
            while (const auto frame = frames.next()) reply(*line, *frame);
        }
    }

    void reply(raw_channel& line, std::span<const std::byte> bytes) {
        const wire::rpc_frame frame = wire::read_rpc_frame(bytes);
        asked_.emplace_back(frame.method);
        std::vector<std::byte> answer;
        answer_(frame, answer);
        if (!answer.empty()) line.send(answer);
    }

    temporary_directory place_;
    raw_listener door_{"unix://" + place_.path() + "/foreign", {.frames = framing::bytes}};
    answering answer_;
    std::vector<std::string> asked_;
    std::jthread thread_;
};

/// How a server that knows nothing of Signet answers its reserved names. False: it was none.
inline bool refuse_reserved(const wire::rpc_frame& frame, std::vector<std::byte>& answer) {
    if (!frame.method.starts_with("signet.")) return false;
    wire::put_failure(answer, frame.id, {.text = "no such method"});
    return true;
}

}  // namespace signet::testing
