// SPDX-License-Identifier: Apache-2.0
#include "description_file.hpp"

#include <signet/wire/arguments.hpp>
#include <signet/wire/describe.hpp>
#include <signet/wire/json.hpp>
#include <signet/wire/json_reader.hpp>

#include <map>

namespace signet::command {

/// What is in the file.
struct field_record {
    std::string name;
    std::string type;
};
struct description_record {
    std::vector<wire::method_record> methods;
    std::optional<std::map<std::string, std::vector<field_record>>> types;
};

namespace {

using types_by_name = std::map<std::string, std::vector<std::pair<std::string, std::string>>>;

void add_types(types_by_name& to, const value_signature& value) {
    if (!value.layout) return;
    for (const wire::type_info& type : value.layout->types()) {
        if (type.kind != wire::type_kind::record || to.contains(type.name)) continue;
        auto& fields = to[type.name];
        for (const wire::field_info& field : type.fields) {
            fields.emplace_back(field.name, wire::type_text(*value.layout, field.type));
        }
    }
}

}  // namespace

std::vector<described_type> types_in(const known_methods& all) {
    types_by_name found;
    for (const method_signature& one : all) {
        for (const value_signature& parameter : one.parameters) add_types(found, parameter);
        add_types(found, one.result);
    }
    std::vector<described_type> types;
    for (auto& [name, fields] : found) types.push_back({name, std::move(fields)});
    return types;
}

std::string description_json(const known_methods& all) {
    description_record record{.methods = wire::to_records(all), .types{}};
    auto& types = record.types.emplace();
    for (const described_type& one : types_in(all)) {
        auto& fields = types[one.name];
        for (const auto& [name, type] : one.fields) fields.push_back({name, type});
    }
    std::vector<std::byte> packed;
    wire::append_value(packed, record);
    std::string json;
    wire::append_value_json(json, wire::packed_descriptor_of<description_record>(), packed);
    return json;
}

known_methods parse_description(std::string_view json) {
    const std::vector<std::byte> packed =
        wire::parse_value_json(wire::packed_descriptor_of<description_record>(), json);
    description_record record;
    wire::value_reader from{packed, 1};
    from.take(record);
    return wire::from_records(std::move(record.methods));
}

}  // namespace signet::command
