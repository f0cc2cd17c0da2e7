// SPDX-License-Identifier: Apache-2.0
#include "queue_making.hpp"

#include <signet/base/error.hpp>

namespace signet::command {
namespace {

template <class Value, class Given>
std::optional<Value> where_given(Given given) {
    if (given == Given{}) return std::nullopt;
    return static_cast<Value>(given);
}

queue_options options_of(const queue_making& making) {
    queue_options options{.bytes = where_given<std::uint64_t>(making.bytes),
                          .message_bytes_max = where_given<std::uint64_t>(making.message_bytes_max),
                          .priorities = where_given<std::uint32_t>(making.priorities),
                          .deliveries_max = where_given<std::uint32_t>(making.deliveries_max)};
    if (making.id_window_s > 0) options.id_window = nanoseconds_of(making.id_window_s);
    if (making.keep_expired) options.expired = expired_messages::kept_as_dead_letters;
    return options;
}

const wire::type_descriptor& type_of(const queue_making& making) {
    return making.binary ? wire::bytes_descriptor() : wire::text_descriptor();
}

}  // namespace

std::chrono::nanoseconds nanoseconds_of(double seconds) {
    return std::chrono::ceil<std::chrono::nanoseconds>(std::chrono::duration<double>{seconds});
}

// Somebody may make it, of another type, after we found none.
raw_queue make_queue(const std::string& name, const queue_making& making) try {
    return raw_queue::open(name, options_of(making));
} catch (const error& e) {
    if (e.code() != std::errc::no_such_file_or_directory) throw;
    try {
        return raw_queue{name, type_of(making), options_of(making)};
    } catch (const error& after) {
        if (after.code() != errc::incompatible_type) throw;
        return raw_queue::open(name, options_of(making));
    }
}

void add_queue_making(command_line to, queue_making& making) {
    to.add_flag("--bytes", making.binary, "A new queue is of bytes, not of text");
    to.add_option("--size", making.bytes, "A new one holds about so many bytes (16 MiB)")
        .positive();
    to.add_option("--message-max", making.message_bytes_max,
                  "A new one takes messages of up to so many bytes (65536)")
        .positive();
    to.add_option("--priorities", making.priorities, "A new one has so many (1)").positive();
    to.add_option("--deliveries-max", making.deliveries_max,
                  "In a new one a message delivered so often becomes a dead letter (never)")
        .positive();
    to.add_option("--id-window", making.id_window_s,
                  "A new one knows ids for so many seconds (not at all)")
        .positive();
    to.add_flag("--keep-expired", making.keep_expired,
                "In a new one what has expired becomes a dead letter");
}

}  // namespace signet::command
