// SPDX-License-Identifier: Apache-2.0
// A listener of channels over a stream of bytes, made of a `Door`: what has an address, takes who
// comes, and gives a byte_stream to each:
//
//     std::unique_ptr<some byte_stream> accept(const patience& limit);    // null: it ended
//     std::string text() const;                                           // the address
//     int fd() const;                                                     // somebody may be there
//
// Belongs to one thread at a time.
#pragma once

#include <signet/transport/channel.hpp>
#include <signet/transport/stream_channel.hpp>

#include <memory>
#include <string>
#include <utility>

namespace signet::transport {

template <class Door>
class stream_listener final : public channel_listener {
public:
    /// The door is made of what comes behind.
    template <class... Of>
    stream_listener(const channel_types& types, const channel_options& options, Of&&... of)
        : door_{std::forward<Of>(of)...}, types_{types}, options_{options} {}

    std::unique_ptr<channel_end> accept(const patience& limit) override {
        auto stream = door_.accept(limit);
        if (!stream) return nullptr;
        return stream_channel::accept(std::move(stream), door_.text(), types_, options_);
    }
    std::string address() const override { return door_.text(); }
    int fd() override { return door_.fd(); }

private:
    Door door_;
    channel_types types_;
    channel_options options_;
};

}  // namespace signet::transport
