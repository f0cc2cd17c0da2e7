// SPDX-License-Identifier: Apache-2.0
// Topics without a C++ type: `raw_publisher` sends bytes and says by a descriptor what they are,
// `raw_subscriber` takes the messages of any type. For tools, recorders, bridges and bindings of
// other languages. All else is as with publisher.hpp and subscriber.hpp.
#pragma once

#include <signet/context.hpp>
#include <signet/face/receiver.hpp>
#include <signet/face/sample.hpp>
#include <signet/face/sender.hpp>
#include <signet/transport/shm/raw_loan.hpp>
#include <signet/wire/descriptor.hpp>

#include <chrono>
#include <cstddef>
#include <span>
#include <stop_token>
#include <string_view>

namespace signet {

/// Memory to write one message in, before it is published. Holds whatever an earlier message left
/// there. Dropped unpublished, it goes back. Move-only; must not outlive its publisher.
using raw_loan = transport::shm::raw_loan;

class raw_publisher : public sender {
public:
    /// Joins the topic `name`. Messages are what `type` describes: its bytes where it has a fixed
    /// size, else MessagePack, text or bytes (docs/formats.md). The bytes are the caller's word;
    /// subscribers check them. Throws `error` as publisher does.
    raw_publisher(std::string_view name, const wire::type_descriptor& type,
                  const publisher_options& options = {});
    raw_publisher(const context& in, std::string_view name, const wire::type_descriptor& type,
                  const publisher_options& options = {});

    /// Sends a copy. Waits for room where a blocking subscriber is behind. False: stopped
    /// meanwhile. Throws contract_violation where the type has another size, `error` (too_large)
    /// above payload_bytes_max.
    bool publish(std::span<const std::byte> message, std::stop_token stop = {});

    /// The same without waiting. False: no room now.
    bool try_publish(std::span<const std::byte> message);

    /// The same, waiting at most for `limit`.
    bool publish_for(std::span<const std::byte> message, std::chrono::nanoseconds limit);

    /// Memory for a message of up to `bytes` bytes. Waits where blocking subscribers hold all of
    /// it. None: stopped meanwhile. More than `loans_max` at once is a contract_violation.
    raw_loan loan(std::size_t bytes, std::stop_token stop = {});

    /// The same without waiting. None: all of it is held.
    raw_loan try_loan(std::size_t bytes);

    /// Sends the first `bytes` bytes of a loan; nothing is copied but into a slot. False: stopped
    /// meanwhile, and the message is dropped.
    bool publish(raw_loan&& written, std::size_t bytes, std::stop_token stop = {});

    const wire::type_descriptor& type() const noexcept { return to().type(); }

private:
    bool send(std::span<const std::byte> message, const transport::patience& limit);
    void require_size(std::size_t bytes) const;
};

class raw_subscriber : public receiver<raw_sample> {
public:
    /// Joins the topic or pattern `name`, whatever is sent there. Throws `error` as subscriber
    /// does.
    explicit raw_subscriber(std::string_view name, const subscriber_options& options = {});
    raw_subscriber(const context& in, std::string_view name,
                   const subscriber_options& options = {});
};

}  // namespace signet
