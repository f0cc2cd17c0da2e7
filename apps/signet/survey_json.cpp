// SPDX-License-Identifier: Apache-2.0
#include "survey_json.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace signet::command {
namespace {

json_value number_or_null(const observe::endpoint& one, std::uint64_t number) {
    return one.answered ? json_value(number) : json_value();
}

void add_publisher(json_value& object, const observe::endpoint& one, const page_counts& counted) {
    const auto& facts = one.publishing;
    object["depth"] = number_or_null(one, facts.depth);
    object["payload_bytes_max"] = number_or_null(one, facts.payload_bytes_max);
    object["published"] = number_or_null(one, facts.published);
    object["lost"] = number_or_null(one, facts.lost);
    object["subscribers"] = number_or_null(one, facts.subscribers);
    object["allow_block"] = one.answered ? json_value(facts.allow_block) : json_value();
    object["bytes"] = number_or_null(one, counted.bytes);
    object["waits"] = number_or_null(one, counted.waits);
    object["waited_ns"] = number_or_null(one, static_cast<std::uint64_t>(counted.waited.count()));
    object["evicted"] = number_or_null(one, counted.evicted);
    object["memory_bytes"] = number_or_null(one, counted.memory_bytes);
}

void add_subscriber(json_value& object, const observe::endpoint& one, const page_counts& counted) {
    const auto& facts = one.receiving;
    object["policy"] = one.answered ? json_value(policy_name(facts.policy)) : json_value();
    object["held_max"] = number_or_null(one, facts.held_max);
    object["received"] = number_or_null(one, facts.received);
    object["lost"] = number_or_null(one, facts.lost);
    object["publishers"] = number_or_null(one, facts.publishers);
    object["skipped"] = number_or_null(one, facts.skipped);
    object["lag"] = number_or_null(one, counted.lag);
    object["held"] = number_or_null(one, counted.held);
    object["longest_hold_ns"] =
        number_or_null(one, static_cast<std::uint64_t>(counted.longest_hold.count()));
}

}  // namespace

const char* side_name(link::role side) {
    return side == link::role::publisher ? "publisher" : "subscriber";
}

const char* policy_name(transport::delivery policy) {
    switch (policy) {
        case transport::delivery::drop_oldest: break;
        case transport::delivery::block: return "block";
        case transport::delivery::latest: return "latest";
    }
    return "drop_oldest";
}

std::string id_text(std::uint64_t id) {
    return fmt::format("{:016x}", id);
}

std::string type_text_of(const observe::endpoint& one) {
    if (!one.answered) return "?";
    return one.type ? one.type->name() : "any";
}

page_counts counts_of(const observe::endpoint& one, const observe::reading& all) {
    page_counts sum;
    for (const observe::publication& p : all.publications) {
        if (p.of.endpoint != one.id) continue;
        sum = {p.bytes, p.waits, p.evicted, p.memory_bytes, p.waited, 0, 0, {}};
    }
    for (const observe::subscription& s : all.subscriptions) {
        if (s.of.endpoint != one.id) continue;
        sum.lag += s.lag.value_or(0);
        sum.held += s.held.size();
        if (!s.held.empty()) sum.longest_hold = std::max(sum.longest_hold, s.held.front().age);
    }
    return sum;
}

json_value to_json(const observe::participant_process& process, const observe::endpoint& one,
                   const observe::reading& all) {
    const page_counts counted = counts_of(one, all);
    json_value object{{"topic", one.topic},          {"side", side_name(one.side)},
                      {"pid", process.pid},          {"command", process.command},
                      {"endpoint", id_text(one.id)}, {"context", id_text(process.context)},
                      {"answered", one.answered},    {"problem", process.problem},
                      {"type", type_text_of(one)}};
    if (one.side == link::role::publisher) {
        add_publisher(object, one, counted);
    } else {
        add_subscriber(object, one, counted);
    }
    return object;
}

}  // namespace signet::command
