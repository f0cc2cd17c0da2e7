// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/relay/channel_topics.hpp>

#include <signet/transport/relay/channel_inlet.hpp>
#include <signet/transport/relay/channel_outlet.hpp>
#include <signet/transport/relay/topic_frame.hpp>
#include <signet/transport/relay/topic_session.hpp>

#include <algorithm>
#include <utility>

namespace signet::transport::relay {
namespace {

// What was accepted is out before a session ends, so that closing waits for nobody; but a program
// that was started has to see its end, and go.
channel_options options_over(const carrier& over) {
    const std::uint64_t most = relayed_bytes_max + message_header_bytes;
    channel_options options{.message_bytes_max = std::min(most, over.facts().message_bytes_max),
                            .waiting = life::wait_mode::sleep};
    if (over.facts().listens) options.linger = {};
    return options;
}

}  // namespace

std::uint64_t relayed_bytes_over(const carrier& over) {
    return options_over(over).message_bytes_max - message_header_bytes;
}

channel_topics::started channel_topics::publish(const std::string& where,
                                                local_publisher& from) const {
    const channel_options options = options_over(*over_);
    if (over_->facts().listens) {
        auto door = over_->listen(where, {}, options);
        std::string address = door->address();
        return {std::make_unique<channel_outlet>(std::move(door), from), std::move(address)};
    }
    auto end = over_->connect(where, {}, options);
    return {std::make_unique<topic_session>(std::move(end), from), {}};
}

channel_topics::started channel_topics::subscribe(const std::string& where,
                                                  local_subscriber& to) const {
    const auto connect = [over = over_, where, options = options_over(*over_)] {
        return over->connect(where, {}, options);
    };
    const auto returns = over_->facts().listens ? on_loss::connect_again : on_loss::end;
    const std::string address = std::string{over_->facts().scheme} + "://" + where;
    return {std::make_unique<channel_inlet>(connect, address, returns, to), {}};
}

}  // namespace signet::transport::relay
