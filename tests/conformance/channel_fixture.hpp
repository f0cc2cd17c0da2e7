// SPDX-License-Identifier: Apache-2.0
// What the conformance tests of channels have in common: one test over all carriers, with two ends
// that meet. For one test each.
#pragma once

#include "channel_carriers.hpp"

#include <signet/channel.hpp>
#include <signet/listener.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <string>
#include <utility>

namespace signet::tests {

/// Two ends in one process, or one and its address.
class Channels : public ::testing::TestWithParam<const transport::carrier*> {
protected:
    const transport::carrier_facts& facts() const { return GetParam()->facts(); }

    raw_listener listen(const channel_options& options = {}) {
        return raw_listener{book_.address(), options};
    }

    /// Both ends; the client is made in a thread, as each waits for the other. With one direction
    /// only, `client` is the end that sends.
    struct pair {
        raw_channel client;
        raw_channel server;
    };
    pair meet(raw_listener& door, const channel_options& options = {}) {
        auto client = std::async(std::launch::async,
                                 [&, to = door.address()] { return raw_channel{to, options}; });
        std::optional<raw_channel> server = door.accept();
        if (!facts().both_ways) return {std::move(*server), client.get()};
        return {client.get(), std::move(*server)};
    }
    pair meet(const channel_options& options = {}) {
        raw_listener door = listen(options);
        return meet(door, options);
    }

    address_book book_{facts()};
};

inline std::string next_text(raw_channel& from) {
    const auto got = from.receive();
    return got ? testing::text_of(got->bytes) : "nothing";
}

/// A message of any length that shows where it was torn.
inline std::string pattern(std::size_t bytes, std::size_t seed) {
    std::string text(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i)
        text[i] = static_cast<char>(seed * 31 + i * 7 + i / 256);
    return text;
}

}  // namespace signet::tests
