// SPDX-License-Identifier: Apache-2.0
// How the two processes of a measurement come to have a channel between them. Made before they are
// forked; each opens its side once. What fails throws `error`.
#pragma once

#include <signet/channel.hpp>

#include <memory>
#include <optional>
#include <string>

namespace signet::command {

class channel_meeting {
public:
    channel_meeting() = default;
    channel_meeting(const channel_meeting&) = delete;
    channel_meeting& operator=(const channel_meeting&) = delete;
    virtual ~channel_meeting() = default;

    /// In the first process.
    virtual raw_channel lead(const channel_options& how) = 0;

    /// In the second one. None: a program that the first one started is the other end.
    virtual std::optional<raw_channel> follow(const channel_options& how) = 0;
};

/// The one for a carrier, where a program is to do the `part` of the second process: it is this
/// one, called `signet bench answer PART`. Null: two processes cannot meet over it so.
std::unique_ptr<channel_meeting> meeting_over(const std::string& scheme, const std::string& part);

}  // namespace signet::command
