// SPDX-License-Identifier: Apache-2.0
#include "ls_regions.hpp"

#include "text_table.hpp"
#include "units.hpp"

#include <fmt/core.h>

#include <chrono>
#include <optional>

namespace signet::command {
namespace {

using observe::region_object;
using observe::region_user;
using observe::region_view;

std::string bytes_or_unknown(std::optional<std::uint64_t> bytes) {
    return bytes ? bytes_text(static_cast<double>(*bytes)) : "?";
}

/// How long somebody has had the region open.
std::string seated_text(const region_user& one) {
    using namespace std::chrono;
    const auto now = system_clock::now().time_since_epoch();
    const auto since = nanoseconds{static_cast<std::int64_t>(one.since_ns)};
    if (one.since_ns == 0 || since > now) return "?";
    return duration_text(duration_cast<nanoseconds>(now) - since);
}

std::string user_text(const region_user& one) {
    if (one.pid == 0) return "somebody dead";
    return fmt::format("{} {}{}", one.pid, one.command, one.alive ? "" : " (dead)");
}

std::string users_text(const std::vector<region_user>& users) {
    std::string all;
    for (const region_user& one : users) all += (all.empty() ? "" : ", ") + user_text(one);
    return all;
}

std::string lines_of(const text_table& table) {
    std::string all;
    for (const std::string& line : table.lines()) all += line + '\n';
    return all;
}

std::string regions_table(const std::vector<region_view>& regions) {
    using enum table_column::alignment;
    text_table table{{{"REGION"},
                      {"BYTES", right},
                      {"USED", right},
                      {"FREE", right},
                      {"SEATS", right},
                      {"OBJECTS", right},
                      {"OPEN IN"}}};
    for (const region_view& one : regions) {
        const std::string who =
            one.problem.empty() ? users_text(one.users) : "damaged: " + one.problem;
        table.add({one.name, bytes_text(static_cast<double>(one.bytes)),
                   bytes_or_unknown(one.used_bytes), bytes_or_unknown(one.free_bytes),
                   fmt::format("{}/{}", one.users.size(), one.seats),
                   std::to_string(one.objects.size()), who});
    }
    return lines_of(table);
}

/// An owner's death that nobody has made good yet is part of the state.
std::string state_text(const region_object& one) {
    if (!one.inherited) return one.state;
    return one.state + (one.state.empty() ? "" : ", ") + "an owner died";
}

std::string objects_table(const std::vector<region_view>& regions) {
    using enum table_column::alignment;
    text_table table{{{"REGION"},
                      {"OBJECT"},
                      {"KIND"},
                      {"STATE"},
                      {"WAITED FOR"},
                      {"OWNER"},
                      {"SEATED FOR", right}}};
    for (const region_view& region : regions) {
        for (const region_object& one : region.objects) {
            table.add({region.name, one.name, observe::kind_name(one.kind), state_text(one),
                       one.waited_for ? "yes" : "no", one.owner ? user_text(*one.owner) : "",
                       one.owner ? seated_text(*one.owner) : ""});
        }
    }
    return lines_of(table);
}

json_value to_json(const region_user& one) {
    return {{"pid", one.pid},          {"uid", one.uid},           {"command", one.command},
            {"seat", one.seat.seat()}, {"since_ns", one.since_ns}, {"alive", one.alive}};
}

json_value to_json(const region_object& one) {
    return {{"name", one.name},
            {"kind", observe::kind_name(one.kind)},
            {"bytes", one.bytes},
            {"state", one.state},
            {"owner", one.owner ? to_json(*one.owner) : json_value()},
            {"inherited", one.inherited},
            {"waited_for", one.waited_for}};
}

template <class Each>
json_value array_of(const std::vector<Each>& all) {
    auto list = json_value::array();
    for (const Each& one : all) list.push_back(to_json(one));
    return list;
}

json_value number_or_null(std::optional<std::uint64_t> number) {
    return number ? json_value(*number) : json_value();
}

}  // namespace

std::string text_of(const std::vector<region_view>& regions) {
    std::string all = regions_table(regions);
    for (const region_view& one : regions) {
        if (!one.objects.empty()) return all + '\n' + objects_table(regions);
    }
    return all;
}

json_value to_json(const region_view& region) {
    return {{"region", region.name},
            {"problem", region.problem},
            {"bytes", region.bytes},
            {"used_bytes", number_or_null(region.used_bytes)},
            {"free_bytes", number_or_null(region.free_bytes)},
            {"seats", region.seats},
            {"users", array_of(region.users)},
            {"objects", array_of(region.objects)}};
}

}  // namespace signet::command
