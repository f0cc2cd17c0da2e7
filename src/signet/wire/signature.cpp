// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/signature.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/arguments.hpp>
#include <signet/wire/descriptor_codec.hpp>
#include <signet/wire/pack.hpp>

#include <utility>

namespace signet::wire {
namespace {

std::optional<std::vector<std::byte>> encoded_layout(const value_signature& value) {
    if (!value.layout) return std::nullopt;
    try {
        return encode(*value.layout);
    } catch (const error&) {  // too large: its text has to do
        return std::nullopt;
    }
}

value_record to_record(const value_signature& value) {
    return {.name = value.name,
            .type = value.type,
            .optional = value.optional,
            .layout = encoded_layout(value)};
}

value_signature from_record(value_record record) {
    value_signature value{.name = std::move(record.name).value_or(""),
                          .type = std::move(record.type),
                          .optional = record.optional.value_or(false)};
    if (record.layout) value.layout = decode_descriptor(*record.layout);
    return value;
}

void put_text(packer& to, std::string_view key, std::string_view text) {
    to.text(key);
    to.text(text);
}

void put_type(packer& to, const value_record& value) {
    put_text(to, "type", value.type);
    if (!value.layout) return;
    to.text("layout");
    to.bytes(*value.layout);
}

void put_parameter(packer& to, const value_record& value) {
    to.map(value.layout ? 4 : 3);
    put_text(to, "name", *value.name);
    to.text("optional");
    to.flag(*value.optional);
    put_type(to, value);
}

void put_method(packer& to, const method_record& method) {
    to.map(3);
    put_text(to, "name", method.name);
    to.text("parameters");
    to.list(method.parameters.size());
    for (const value_record& one : method.parameters) put_parameter(to, one);
    to.text("result");
    to.map(method.result.layout ? 2 : 1);
    put_type(to, method.result);
}

std::string parameter_text(const value_signature& one) {
    return one.name.empty() ? one.type : one.name + ": " + one.type;
}

}  // namespace

std::vector<method_record> to_records(const std::vector<method_signature>& methods) {
    std::vector<method_record> records;
    for (const method_signature& one : methods) {
        method_record& record = records.emplace_back();
        record.name = one.name;
        for (const auto& each : one.parameters) record.parameters.push_back(to_record(each));
        record.result = to_record(one.result);
    }
    return records;
}

std::vector<method_signature> from_records(std::vector<method_record> records) {
    std::vector<method_signature> methods;
    for (method_record& one : records) {
        method_signature& method = methods.emplace_back();
        method.name = std::move(one.name);
        for (auto& each : one.parameters) method.parameters.push_back(from_record(std::move(each)));
        method.result = from_record(std::move(one.result));
    }
    return methods;
}

std::vector<std::byte> encode(const std::vector<method_signature>& methods) {
    packer to;
    to.list(methods.size());
    for (const method_record& one : to_records(methods)) put_method(to, one);
    return to.take();
}

std::vector<method_signature> decode_signatures(std::span<const std::byte> encoded) {
    if (encoded.size() > description_bytes_max) {
        throw error{
            errc::too_large, "read the description of a server", {}, "it has more than 4 MiB"};
    }
    std::vector<method_record> records;
    value_reader from{encoded, 1};
    if (!from.take(records) || !from.at_end()) {
        throw error{
            errc::peer_misbehaved, "read the description of a server", {}, from.complaint()};
    }
    return from_records(std::move(records));
}

std::string signature_text(const method_signature& method) {
    std::string text;
    for (const value_signature& one : method.parameters) {
        text += (text.empty() ? "" : ", ") + parameter_text(one);
    }
    text = method.name + '(' + text + ')';
    return method.result.layout || method.result.type != "nothing"
               ? text + " -> " + method.result.type
               : text;
}

}  // namespace signet::wire
