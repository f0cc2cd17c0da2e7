// SPDX-License-Identifier: Apache-2.0
#include <signet/face/topic_place.hpp>

#include <signet/base/error.hpp>
#include <signet/base/name.hpp>
#include <signet/face/carriers.hpp>
#include <signet/link/control_plane.hpp>

namespace signet::face {
namespace {

using transport::carrier;
using transport::support;

bool is_elsewhere(std::string_view name) {
    return name.find(':') != std::string_view::npos && split_address(name).scheme != "shm";
}

std::string those_with_topics() {
    std::string schemes;
    for (const carrier* one : carriers()) {
        if (one->facts().topics == support::no) continue;
        schemes += (schemes.empty() ? "" : ", ") + std::string{one->facts().scheme};
    }
    return schemes;
}

topic_place elsewhere(std::string_view name) {
    const found_carrier at = find_carrier(name);
    if (at.carrier->facts().topics == support::no) {
        throw error{errc::unsupported, "use topic", name,
                    std::string{at.carrier->facts().scheme} +
                        " carries no topics; those that do: " + those_with_topics()};
    }
    const std::string address{name};
    std::string own = relayed_name(address, link::make_id());
    return {own, transport::relay::place{at.carrier, at.where, address}};
}

}  // namespace

topic_place place_to_publish(std::string_view name) {
    if (is_elsewhere(name)) return elsewhere(name);
    return {parse_address(name).name};
}

topic_place place_to_subscribe(std::string_view name) {
    if (is_elsewhere(name)) return elsewhere(name);
    return {parse_pattern(name).name};
}

}  // namespace signet::face
