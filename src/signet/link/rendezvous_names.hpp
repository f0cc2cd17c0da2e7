// SPDX-License-Identifier: Apache-2.0
// How contexts, endpoints and topics are called in a rendezvous directory (rendezvous.hpp draws
// it). What stands there was written by others: what is no such name is none. Free functions.
#pragma once

#include <signet/link/rendezvous.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signet::link {

/// A context's id as 16 hexadecimal digits, and back.
std::string socket_name(std::uint64_t context);
std::optional<std::uint64_t> parse_socket_name(std::string_view text);

/// A context's socket, or one that did not live to get its final name.
bool is_socket_name(std::string_view text);

/// "p-<context>-<endpoint>", "s-...", and back.
std::string listing_name(const listing& who);
std::optional<listing> parse_listing_name(std::string_view text);

/// A topic or pattern with ':' for '/', and back.
std::string folder_name(std::string_view topic);
std::string topic_of_folder(std::string folder);

}  // namespace signet::link
