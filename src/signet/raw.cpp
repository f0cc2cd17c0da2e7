// SPDX-License-Identifier: Apache-2.0
#include <signet/raw.hpp>

#include <signet/base/error.hpp>
#include <signet/transport/shm/message_traits.hpp>

#include <string>
#include <utility>

namespace signet {

raw_publisher::raw_publisher(std::string_view name, const wire::type_descriptor& type,
                             const publisher_options& options)
    : raw_publisher{context::shared(), name, type, options} {}

raw_publisher::raw_publisher(const context& in, std::string_view name,
                             const wire::type_descriptor& type, const publisher_options& options)
    : sender{in.plane(), name, type, options} {}

bool raw_publisher::publish(std::span<const std::byte> message, std::stop_token stop) {
    return send(message, {never, std::move(stop)});
}

bool raw_publisher::try_publish(std::span<const std::byte> message) {
    return send(message, transport::patience::none());
}

bool raw_publisher::publish_for(std::span<const std::byte> message,
                                std::chrono::nanoseconds limit) {
    return send(message, {after(limit), {}});
}

bool raw_publisher::send(std::span<const std::byte> message, const transport::patience& limit) {
    require_size(message.size());
    return transport::shm::send_bytes(to(), message, limit);
}

void raw_publisher::require_size(std::size_t bytes) const {
    if (!type().has_fixed_size() || type().size() == bytes) return;
    throw contract_violation{"publish: a message of type " + type().name() + " has " +
                             std::to_string(type().size()) + " bytes, not " +
                             std::to_string(bytes)};
}

raw_loan raw_publisher::loan(std::size_t bytes, std::stop_token stop) {
    return raw_loan::borrow(to(), bytes, {never, std::move(stop)});
}

raw_loan raw_publisher::try_loan(std::size_t bytes) {
    return raw_loan::borrow(to(), bytes, transport::patience::none());
}

bool raw_publisher::publish(raw_loan&& written, std::size_t bytes, std::stop_token stop) {
    raw_loan owned{std::move(written)};
    require_size(bytes);
    return owned.publish(to(), bytes, {never, std::move(stop)});
}

raw_subscriber::raw_subscriber(std::string_view name, const subscriber_options& options)
    : raw_subscriber{context::shared(), name, options} {}

raw_subscriber::raw_subscriber(const context& in, std::string_view name,
                               const subscriber_options& options)
    : receiver{in.plane(), name, nullptr, options} {}

}  // namespace signet
