// SPDX-License-Identifier: Apache-2.0
#include "reading_json.hpp"

#include "survey_json.hpp"

namespace signet::command {
namespace {

json_value owner_json(const observe::owner& who) {
    return {{"topic", who.topic},
            {"endpoint", id_text(who.endpoint)},
            {"pid", who.pid},
            {"command", who.command},
            {"problem", who.problem}};
}

json_value to_json(const observe::publication& one) {
    json_value object = owner_json(one.of);
    object.update({{"messages_per_s", one.rate.messages},
                   {"bytes_per_s", one.rate.bytes},
                   {"waited_share", one.rate.waited},
                   {"published", one.published},
                   {"bytes", one.bytes},
                   {"waits", one.waits},
                   {"waited_ns", one.waited.count()},
                   {"evicted", one.evicted},
                   {"memory_bytes", one.memory_bytes},
                   {"limbo_chunks", one.limbo_chunks},
                   {"extents", one.extents},
                   {"depth", one.depth},
                   {"subscriptions", one.subscriptions}});
    return object;
}

json_value held_json(const observe::subscription& one) {
    auto list = json_value::array();
    for (const observe::held_message& held : one.held) {
        list.push_back({{"number", held.number}, {"age_ns", held.age.count()}});
    }
    return list;
}

json_value latency_json(const std::optional<observe::latency_histogram>& ages) {
    if (!ages) return {};
    return {{"messages", ages->total()},
            {"p50_ns", ages->quantile(0.5).count()},
            {"p90_ns", ages->quantile(0.9).count()},
            {"p99_ns", ages->quantile(0.99).count()},
            {"max_ns", ages->quantile(1).count()}};
}

json_value to_json(const observe::subscription& one) {
    json_value object = owner_json(one.of);
    object.update({{"publisher", id_text(one.publisher)},
                   {"policy", policy_name(one.policy)},
                   {"received_per_s", one.rate.received},
                   {"lost_per_s", one.rate.lost},
                   {"skipped_per_s", one.rate.skipped},
                   {"received", one.received},
                   {"lost", one.lost},
                   {"skipped", one.skipped},
                   {"lag", one.lag ? json_value(*one.lag) : json_value()},
                   {"finished", one.finished},
                   {"held_max", one.held_max},
                   {"held", held_json(one)},
                   {"latency", latency_json(one.recent)},
                   {"latency_in_all", latency_json(one.latency)}});
    return object;
}

json_value to_json(const observe::bystander& one) {
    json_value object = owner_json(one.of);
    object["side"] = one.publishes ? "publisher" : "subscriber";
    return object;
}

template <class Counts>
json_value list_of(const std::vector<Counts>& all) {
    auto list = json_value::array();
    for (const Counts& one : all) list.push_back(to_json(one));
    return list;
}

}  // namespace

json_value to_json(const observe::reading& all, const std::string& directory) {
    return {{"directory", directory},
            {"taken_ns", all.taken.time_since_epoch().count()},
            {"processes", all.processes},
            {"publishers", list_of(all.publications)},
            {"subscriptions", list_of(all.subscriptions)},
            {"others", list_of(all.bystanders)}};
}

}  // namespace signet::command
