// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/decode.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/utf8.hpp>

#include <exception>
#include <string>

namespace signet::wire::detail {
namespace {

constexpr std::string_view reading = "read message of type";

}  // namespace

void throw_unreadable(std::string_view type, const std::string& why) {
    throw error{errc::peer_misbehaved, reading, readable_type_name(type), why};
}

void rethrow_of_codec(std::string_view name) {
    std::string why = "its codec refuses it";
    try {
        throw;
    } catch (const std::exception& e) {
        why += ": " + printable(e.what());
    } catch (...) {  // a user may throw anything; there is nothing to tell of it
    }
    throw error{errc::peer_misbehaved, reading, name, why};
}

}  // namespace signet::wire::detail
