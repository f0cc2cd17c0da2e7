// SPDX-License-Identifier: Apache-2.0
#include <signet/shared.hpp>

#include <signet/wire/descriptor_codec.hpp>
#include <signet/wire/difference.hpp>

#include <string>

namespace signet::face {

std::vector<std::byte> encoded_descriptor(const wire::type_descriptor& ours) {
    return wire::encode(ours);
}

void require_same_layout(const wire::type_descriptor& ours, std::span<const std::byte> theirs,
                         std::string_view name) {
    std::string lines;
    for (const std::string& line :
         wire::layout_differences(ours, wire::decode_descriptor(theirs))) {
        lines += "\n  " + line;
    }
    if (lines.empty()) return;
    throw error{errc::incompatible_type, "use shared object", name,
                "it was made for another layout:" + lines};
}

void complain_of_half_changed(std::string_view name) {
    throw error{errc::owner_died, "use shared object", name,
                "who changed it died in the middle; give it a repair hook, or call repair"};
}

}  // namespace signet::face
