// SPDX-License-Identifier: Apache-2.0
// Messages of a queue as a person writes and reads them: text as it is, bytes as they are, all else
// as JSON, by the type that the queue has. Any thread.
#pragma once

#include "json_value.hpp"

#include <signet/face/raw_queue.hpp>
#include <signet/wire/descriptor.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace signet::command {

/// What the messages of a queue are; none: nobody said, and they are taken for text.
using queue_type = std::optional<wire::type_descriptor>;

/// Throws `error`: it is no JSON of that type.
std::vector<std::byte> message_of(const queue_type& type, const std::string& word);

/// As it goes to who reads only messages; without an end of line.
std::string plain_text_of(const queue_type& type, std::span<const std::byte> message);

/// As JSON, on one line. What is no message of that type is a text of its bytes.
std::string json_text_of(const queue_type& type, std::span<const std::byte> message);

/// "order-17", where an id is a text, else its 32 hexadecimal digits.
std::string text_of(const message_id& id);

const char* text_of(dead_reason reason) noexcept;

/// How long ago, in seconds.
double age_s(clock::time_point then);

/// Ends the waits of a queue when a stop is asked for.
class stopping_queue {
public:
    stopping_queue(raw_queue& one, const std::stop_token& stop) : on_stop_{stop, ending{&one}} {}

private:
    struct ending {
        raw_queue* queue;
        void operator()() const { queue->stop(); }
    };
    std::stop_callback<ending> on_stop_;
};

/// The queue at an address, where there is one; throws `error` where not, with what to do.
raw_queue open_queue(const std::string& address);

}  // namespace signet::command
