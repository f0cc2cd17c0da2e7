// SPDX-License-Identifier: Apache-2.0
// The part of a server that puts the results of calls into the arguments of later ones of the same
// connection. A result is kept for as many uses as its caller announced.
#include <signet/pattern/service/call_server.hpp>

#include <cstdint>
#include <utility>
#include <vector>

namespace signet::pattern {

// With the mutex held, as all of this. Who waits is put into the queue again by what it waits for;
// nothing is taken before all is there.
call_server::filling call_server::fill_in(const call_ptr& call) {
    if (call->references().empty()) return filling::done;
    std::uint64_t bytes = call->bytes();
    for (const std::uint32_t id : call->references()) {
        const filling found = look_for(call, id);
        if (found != filling::done) return found;
        bytes += line_of(*call).kept[id].value.size();
    }
    if (bytes > options_.message_bytes_max) return filling::impossible;
    std::vector<std::vector<std::byte>> results;
    bool all = true;
    for (const std::uint32_t id : call->references()) {
        results.push_back(use_result(line_of(*call), id));
        all = all && !results.back().empty();
    }
    call->fill_in(results);
    return all ? filling::done : filling::impossible;
}

call_server::filling call_server::look_for(const call_ptr& call, std::uint32_t id) {
    served_line& line = line_of(*call);
    if (line.kept.contains(id)) return filling::done;
    const call_ptr under_way = line.find(id);
    if (!under_way || under_way == call || under_way->frame().rider.uses == 0) {
        return filling::impossible;
    }
    line.dependents.emplace(id, call);
    return filling::waits;
}

// Empty: that call failed, or its result was used as often as it was announced.
std::vector<std::byte> call_server::use_result(served_line& of, std::uint32_t id) {
    const auto kept = of.kept.find(id);
    if (kept == of.kept.end()) return {};
    if (--kept->second.uses != 0) return kept->second.value;
    of.kept_bytes -= kept->second.value.size();
    return std::move(of.kept.extract(kept).mapped().value);
}

// Of a call that ends without them.
void call_server::give_up_references(const incoming_call& call) {
    served_line& line = line_of(call);
    for (const std::uint32_t id : call.references()) {
        if (line.kept.contains(id)) {
            use_result(line, id);
        } else if (const call_ptr under_way = line.find(id)) {
            if (under_way->frame().rider.uses != 0) under_way->drop_use();
        }
    }
}

// What is too much to be kept counts as failed.
void call_server::keep_result(const incoming_call& call, frame_bytes value) {
    served_line& line = line_of(call);
    if (line.over || line.kept.size() >= options_.calls_per_client_max) return;
    if (line.kept_bytes + value.size() > options_.message_bytes_max) value = {};
    kept_result& kept = line.kept[call.frame().id];
    line.kept_bytes += value.size() - kept.value.size();
    kept = {{value.begin(), value.end()}, call.frame().rider.uses};
}

void call_server::wake_dependents(const incoming_call& call) {
    auto& all = line_of(call).dependents;
    const auto [first, last] = all.equal_range(call.frame().id);
    for (auto one = first; one != last; ++one) queue_.push_first({.call = std::move(one->second)});
    if (first != last) wake_one();
    all.erase(first, last);
}

}  // namespace signet::pattern
