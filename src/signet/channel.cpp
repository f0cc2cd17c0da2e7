// SPDX-License-Identifier: Apache-2.0
#include <signet/channel.hpp>

#include <signet/face/carriers.hpp>

namespace signet {

using transport::flow;

raw_channel::raw_channel(std::string_view address, const channel_options& options)
    : raw_channel{address, transport::channel_types{}, options} {}

raw_channel::raw_channel(std::string_view address, const transport::channel_types& types,
                         const channel_options& options)
    : end_{face::connect(address, types, options)} {}

bool raw_channel::send_parts(std::span<const std::span<const std::byte>> parts,
                             std::stop_token stop) {
    const auto alone = be_sender();
    return done(end_->send({.parts = parts}, {never, std::move(stop)}));
}

std::optional<raw_message> raw_channel::take_alone(const transport::patience& limit) {
    transport::incoming got;
    const flow became = end_->receive(got, limit);
    ended_ = became == flow::ended;
    if (became != flow::done) return std::nullopt;
    return raw_message{got.bytes, std::move(got.descriptors)};
}

}  // namespace signet
