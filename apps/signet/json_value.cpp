// SPDX-License-Identifier: Apache-2.0
#include "json_value.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace signet::command {
namespace {

using nlohmann::ordered_json;

ordered_json converted(const json_value& from);

struct conversion {
    ordered_json operator()(std::monostate) const { return {}; }
    ordered_json operator()(const json_value::array_type& values) const {
        auto list = ordered_json::array();
        for (const json_value& one : values) list.push_back(converted(one));
        return list;
    }
    ordered_json operator()(const json_value::object_type& members) const {
        auto object = ordered_json::object();
        for (const auto& [name, value] : members) object[name] = converted(value);
        return object;
    }
    template <class Simple>
    ordered_json operator()(const Simple& value) const {
        return ordered_json(value);
    }
};

ordered_json converted(const json_value& from) {
    return std::visit(conversion{}, from.any());
}

}  // namespace

json_value::json_value(std::initializer_list<json_value> parts) {
    if (!std::all_of(parts.begin(), parts.end(), [](const auto& one) { return one.is_member(); })) {
        value_ = array_type(parts);
        return;
    }
    value_ = object_type{};
    for (const json_value& part : parts) {
        const auto& pair = std::get<array_type>(part.value_);
        (*this)[std::get<std::string>(pair.front().value_)] = pair.back();
    }
}

json_value json_value::array() {
    json_value empty;
    empty.value_ = array_type{};
    return empty;
}

void json_value::push_back(json_value one) {
    std::get<array_type>(value_).push_back(std::move(one));
}

json_value& json_value::operator[](std::string_view name) {
    if (std::holds_alternative<std::monostate>(value_)) value_ = object_type{};
    auto& members = std::get<object_type>(value_);
    const auto known = std::find_if(members.begin(), members.end(),
                                    [&](const auto& member) { return member.first == name; });
    if (known != members.end()) return known->second;
    return members.emplace_back(name, json_value{}).second;
}

void json_value::update(json_value other) {
    for (auto& [name, value] : std::get<object_type>(other.value_)) {
        (*this)[name] = std::move(value);
    }
}

std::string json_value::dump(int indent) const {
    return converted(*this).dump(indent, ' ', false, ordered_json::error_handler_t::replace);
}

bool json_value::is_member() const {
    const auto* pair = std::get_if<array_type>(&value_);
    return pair != nullptr && pair->size() == 2 &&
           std::holds_alternative<std::string>(pair->front().value_);
}

}  // namespace signet::command
