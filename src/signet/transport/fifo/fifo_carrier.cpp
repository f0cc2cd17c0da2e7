// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/fifo/fifo_carrier.hpp>

#include <signet/transport/channel_frame.hpp>
#include <signet/transport/fifo/fifo_listener.hpp>
#include <signet/transport/fifo/fifo_meeting.hpp>

namespace signet::transport::fifo {
namespace {

constexpr carrier_facts our_facts{
    .scheme = "fifo",
    .addresses = "fifo:///path",
    .use_when = "a shell or another program takes part that knows files and nothing else",
    .message_bytes_max = frame_header::message_bytes_max,
    .speaks_plain = true,
    .plain_is_shared = true,
};

class fifo_carrier final : public carrier {
public:
    const carrier_facts& facts() const noexcept override { return our_facts; }

    std::unique_ptr<channel_end> connect(const std::string& where, const channel_types& types,
                                         const channel_options& options) const override {
        const fifo_place place{where};
        return options.frames == framing::messages ? meet(place, types, options)
                                                   : talk_plainly(place, types, options);
    }

    std::unique_ptr<channel_listener> listen(const std::string& where, const channel_types& types,
                                             const channel_options& options) const override {
        fifo_place place{where};
        if (options.frames == framing::messages) {
            return std::make_unique<meeting_listener>(std::move(place), types, options);
        }
        return std::make_unique<plain_listener>(std::move(place), types, options);
    }
};

}  // namespace

const carrier& the_carrier() noexcept {
    static const fifo_carrier only;
    return only;
}

}  // namespace signet::transport::fifo
