// SPDX-License-Identifier: Apache-2.0
// One remote subscriber of the user's publisher: a channel, and a reader with the policy that it
// asked for. A message is taken from the ring only when the channel has room, so that the ring and
// the policy decide what happens to those that do not fit.
//
// Thread safety: the relay thread.
#pragma once

#include <signet/base/time.hpp>
#include <signet/transport/channel.hpp>
#include <signet/transport/topic_carrier.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace signet::transport::relay {

class topic_session final : public topic_relay {
public:
    topic_session(std::shared_ptr<channel_end> end, local_publisher& from);

    state work(relay_waits& waits) override;

    /// Sends what was published before, and is over.
    state finish(relay_waits& waits) override;

private:
    /// What became of a step.
    enum class step {
        idle,     ///< there is nothing to do now
        blocked,  ///< the channel has no room
        more,     ///< this turn was long enough
        over,
    };

    step advance(relay_waits& waits);
    void begin(relay_waits& waits);
    bool hear();
    void admit(std::span<const std::byte> asked);
    step wait_to_be_asked(relay_waits& waits);
    step talk();
    bool take();
    bool flush_blocked();
    flow send_what_waits();
    void settle(relay_waits& waits, step became);
    state end_with(topic_event::kind how, const std::string& reason);
    state fail(const error& why);
    void refuse(const error& why);

    std::shared_ptr<channel_end> end_;
    local_publisher* from_;
    remote_end who_;
    deadline asked_by_;
    std::unique_ptr<topic_reader> reader_;  ///< null: it did not say yet what it wants
    step last_ = step::idle;
    bool accepted_ = false;
    bool objected_ = false;                     ///< by the publisher, whose events say so
    std::vector<std::byte> talk_;               ///< to be sent before messages
    const relayed_message* message_ = nullptr;  ///< to be sent
    std::optional<wait_key> hearing_;
    std::optional<wait_key> reading_;
    std::optional<wait_key> room_;
};

/// Who the carrier says is there, with the words that it has for itself.
remote_end identified(remote_end who, const channel_end& by);

}  // namespace signet::transport::relay
