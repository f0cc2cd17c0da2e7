// SPDX-License-Identifier: Apache-2.0
#include "known_methods.hpp"

#include "edit_distance.hpp"

#include <signet/base/error.hpp>
#include <signet/face/services.hpp>
#include <signet/wire/utf8.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace signet::command {
namespace {

constexpr std::size_t names_max = 20;  // that are listed in a sentence

}  // namespace

deadline seconds_from_now(double seconds) {
    if (seconds <= 0) return never;
    return after(std::chrono::ceil<std::chrono::nanoseconds>(
        std::chrono::duration<double>{std::min(seconds, 1e9)}));
}

std::unique_ptr<pattern::call_client> connect_service(const std::string& address, deadline until) {
    pattern::client_options options;
    if (until != never) {
        options.handshake_limit =
            std::min<std::chrono::nanoseconds>(options.handshake_limit, until - clock::now());
    }
    return face::connect_client(address, options);
}

std::optional<known_methods> ask_methods(pattern::call_client& service,
                                         const transport::patience& limit) {
    if (!service.extensions()) return std::nullopt;
    try {
        return face::describe(service, limit);
    } catch (const call_error& e) {
        if (e.code() == errc::bad_name) return std::nullopt;  // it does not know the question
        throw;
    }
}

std::string names_text(const known_methods& all) {
    if (all.empty()) return "it has no methods";
    std::string text;
    for (std::size_t i = 0; i < std::min(all.size(), names_max); ++i) {
        text += (i == 0 ? "it has " : ", ") + wire::printable(all[i].name);
    }
    if (all.size() > names_max) text += fmt::format(" and {} more", all.size() - names_max);
    return text;
}

const method_signature* find_method(const known_methods& all, std::string_view name) {
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const method_signature& one) { return one.name == name; });
    return found == all.end() ? nullptr : &*found;
}

std::string missing_method_text(const known_methods& all, std::string_view asked) {
    const auto meant = std::find_if(all.begin(), all.end(), [&](const method_signature& one) {
        return may_mean(asked, one.name);
    });
    std::string text = fmt::format("there is no '{}'", wire::printable(asked));
    if (meant != all.end()) {
        text += fmt::format("; did you mean '{}'?", wire::printable(meant->name));
    }
    return text + (text.ends_with('?') ? " " : "; ") + names_text(all);
}

std::string shown_signature(const method_signature& method) {
    return wire::printable(wire::signature_text(method));
}

}  // namespace signet::command
