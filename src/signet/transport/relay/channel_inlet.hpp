// SPDX-License-Identifier: Apache-2.0
// A publisher elsewhere, for the user's subscriber: a channel to it, asked for the topic, and a
// writer for what it sends. What the writer has no room for stays in the channel, so that the
// publisher feels it. When the channel is lost, it connects again.
//
// Thread safety: made by the user's thread, which makes the first attempt; then the relay thread's.
#pragma once

#include <signet/base/error.hpp>
#include <signet/base/time.hpp>
#include <signet/transport/channel.hpp>
#include <signet/transport/relay/attempt.hpp>
#include <signet/transport/topic_carrier.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace signet::transport::relay {

enum class on_loss { connect_again, end };

class channel_inlet final : public topic_relay {
public:
    using connector = std::function<std::unique_ptr<channel_end>()>;

    /// Throws `error` where the address cannot be, or who is there speaks something else; that
    /// nobody is there yet is no error.
    channel_inlet(connector connect, std::string address, on_loss then, local_subscriber& to);

    state work(relay_waits& waits) override;
    state finish(relay_waits& waits) override;

private:
    state seek(relay_waits& waits);
    bool begin_attempt(relay_waits& waits);
    void end_attempt(relay_waits& waits);
    state go_on(relay_waits& waits);
    void greet(relay_waits& waits);
    void say(relay_waits& waits);
    bool hear(relay_waits& waits);
    bool hear_one(relay_waits& waits, std::span<const std::byte> frame);
    void take_answer(std::span<const std::byte> frame);
    bool put(relay_waits& waits);
    bool check_answered(relay_waits& waits);
    state lose(relay_waits& waits, topic_event::kind how, const std::string& reason);
    state fail(relay_waits& waits, const error& why);
    void complain(const error& why);
    void refuse(const error& why);

    connector connect_;
    std::string address_;
    on_loss then_;
    local_subscriber* to_;

    // Without a channel.
    std::unique_ptr<attempt> attempt_;
    std::optional<wait_key> attempting_;
    deadline again_at_ = clock::time_point{};
    std::chrono::nanoseconds pause_;
    std::string last_complaint_;  ///< the same is told once

    // With one.
    std::shared_ptr<channel_end> end_;
    std::optional<wait_key> hearing_;
    std::optional<wait_key> writing_;
    std::optional<wait_key> room_;
    clock::time_point asked_at_{};
    std::vector<std::byte> talk_;  ///< to be sent
    remote_end who_;
    std::unique_ptr<topic_writer> writer_;    ///< null: it has not answered
    std::int64_t clock_ahead_ns_ = 0;         ///< ours, of the publisher's
    std::optional<relayed_message> message_;  ///< to be put; lies in the channel
};

/// Whether nobody is there yet, or cannot be reached: not the address is wrong, but the moment.
bool is_absence(const error& why);

}  // namespace signet::transport::relay
