// SPDX-License-Identifier: Apache-2.0
// One attempt to connect, in a thread of its own with all signals blocked, since it may take as
// long as the handshake limit. Thread safety: the relay thread, but for that thread.
#pragma once

#include <signet/base/error.hpp>
#include <signet/os/event.hpp>
#include <signet/os/signal.hpp>
#include <signet/transport/channel.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace signet::transport::relay {

class attempt {
public:
    /// Throws `error` where there is no thread or descriptor left.
    explicit attempt(std::function<std::unique_ptr<channel_end>()> connect)
        : result_{std::make_shared<result>()} {
        const os::blocked_signals none_for_the_thread;
        try {
            thread_ = std::thread{run, result_, std::move(connect)};
        } catch (const std::system_error& why) {
            throw error{why.code(), "start a thread"};
        }
    }
    attempt(const attempt&) = delete;
    attempt& operator=(const attempt&) = delete;

    /// Waits for it, unless it was left.
    ~attempt() {
        if (thread_.joinable()) thread_.join();
    }

    /// Readable once it is over.
    int fd() const noexcept { return result_->over.fd(); }
    bool over() { return result_->over.try_take() != 0; }

    /// What came of it, once it is over. Throws its `error`.
    std::unique_ptr<channel_end> take() {
        thread_.join();
        if (result_->why) throw error{*result_->why};
        return std::move(result_->end);
    }

    /// Its thread, for somebody else to wait for.
    std::thread leave() { return std::move(thread_); }

private:
    /// Written by the thread before the event is signalled.
    struct result {
        std::unique_ptr<channel_end> end{};
        std::optional<error> why{};
        os::event over{};
    };

    static void run(const std::shared_ptr<result>& to,
                    const std::function<std::unique_ptr<channel_end>()>& connect) {
        try {
            to->end = connect();
        } catch (const error& why) {
            to->why = why;
        } catch (const std::exception& why) {
            to->why = error{errc::refused, "connect", {}, why.what()};
        }
        to->over.signal();
    }

    std::shared_ptr<result> result_;
    std::thread thread_;
};

}  // namespace signet::transport::relay
