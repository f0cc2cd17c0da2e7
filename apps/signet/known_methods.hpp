// SPDX-License-Identifier: Apache-2.0
// What a service says of its methods, for the subcommands that call it. Its texts are a
// stranger's: what is returned for people is fit for a terminal. One thread.
#pragma once

#include <signet/face/description.hpp>
#include <signet/pattern/service/call_client.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signet::command {

using known_methods = std::vector<method_signature>;

/// So many seconds from now; 0: never.
deadline seconds_from_now(double seconds);

/// Throws `error`: nobody serves there, or nobody answers until then.
std::unique_ptr<pattern::call_client> connect_service(const std::string& address, deadline until);

/// None: it cannot say, being of another kind, or an older one. Throws `error`.
std::optional<known_methods> ask_methods(pattern::call_client& service,
                                         const transport::patience& limit);

/// Null: there is none of that name.
const method_signature* find_method(const known_methods& all, std::string_view name);

/// "it has add, sub"
std::string names_text(const known_methods& all);

/// What to say to who asked for one that is not there: "there is no 'ad'; did you mean 'add'?"
std::string missing_method_text(const known_methods& all, std::string_view asked);

/// As signature_text(), for people.
std::string shown_signature(const method_signature& method);

}  // namespace signet::command
