// SPDX-License-Identifier: Apache-2.0
// The methods that Signet's own ends call of each other (docs/design/services.md).
#pragma once

#include <string_view>

namespace signet::wire {

inline constexpr std::string_view reserved_names = "signet.";
inline constexpr std::string_view hello_method = "signet.hello";
inline constexpr std::string_view cancel_method = "signet.cancel";
inline constexpr std::string_view back_method = "signet.back";
inline constexpr std::string_view describe_method = "signet.describe";
inline constexpr std::string_view pulse_method = "signet.pulse";
inline constexpr std::string_view item_method = "signet.item";
inline constexpr std::string_view end_method = "signet.end";
inline constexpr std::string_view more_method = "signet.more";
inline constexpr std::string_view drop_method = "signet.drop";

}  // namespace signet::wire
