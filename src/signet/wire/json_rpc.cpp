// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/json_rpc.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/arguments.hpp>
#include <signet/wire/cursor.hpp>
#include <signet/wire/format.hpp>
#include <signet/wire/json_answer.hpp>
#include <signet/wire/rpc_frame.hpp>
#include <signet/wire/rpc_names.hpp>

#include <algorithm>
#include <utility>

namespace signet::wire {
namespace {

/// Answers up to this size are sent whatever the limit: an id, and why the true answer was not.
constexpr std::size_t small_answer_bytes = json_id_bytes_max + 4096;

/// Whoever says hello is told of more than JSON-RPC has; a cancellation has no answer.
bool is_of_frames(std::string_view method) {
    return method == hello_method || method == cancel_method;
}

void append(std::vector<std::byte>& frame, const std::vector<std::byte>& more) {
    frame.insert(frame.end(), more.begin(), more.end());
}

std::string to_json(const rpc_frame& response, std::string_view id) {
    return response.error.empty() ? json_result(id, response.body)
                                  : json_failure(id, read_failure(response.error));
}

std::string as_array(const std::vector<std::string>& answers) {
    std::string text;
    for (const std::string& one : answers) text.append(text.empty() ? "[" : ",").append(one);
    return text += "]\n";
}

}  // namespace

// A number in MessagePack ends at 2^32 - 1, also that of the bytes of a text.
json_rpc::json_rpc(std::uint64_t text_bytes_max, parameter_names names)
    : most_{std::min<std::uint64_t>(text_bytes_max, format::count_max)},
      names_{std::move(names)},
      splitter_{most_} {}

bool json_rpc::begins(std::byte first) noexcept {
    constexpr std::string_view beginnings = "{[ \t\r\n";
    return beginnings.find(static_cast<char>(first)) != std::string_view::npos;
}

// ---- asking -------------------------------------------------------------------------------------

std::optional<std::span<const std::byte>> json_rpc::next() {
    if (std::exchange(taken_, false)) ready_.pop_front();
    while (ready_.empty()) {
        const auto text = splitter_.next();
        if (!text) return std::nullopt;
        translate({reinterpret_cast<const char*>(text->data()), text->size()});
    }
    taken_ = true;
    return ready_.front();
}

void json_rpc::translate(std::string_view text) {
    std::optional<json_calls> calls = read_json_calls(text);
    if (!calls) return refuse(json_parse_error(), nullptr);
    if (calls->too_many) {
        const std::string most = std::to_string(json_batch_max);
        return refuse(json_invalid_request("null", "a batch has at most " + most + " calls"), {});
    }
    if (calls->all.empty()) return refuse(json_invalid_request("null"), nullptr);
    const auto together = calls->batch ? std::make_shared<batch>() : nullptr;
    for (json_call& call : calls->all) ask(call, together);
}

void json_rpc::ask(json_call& call, const std::shared_ptr<batch>& part_of) {
    if (call.as == json_call::form::notification) return notify(call);
    if (call.as == json_call::form::invalid) return refuse(json_invalid_request(call.id), part_of);
    if (is_of_frames(call.method)) return refuse(json_method_not_found(call.id), part_of);
    const argument_row row = arguments_of(call);
    if (!row.complaint.empty()) {
        return refuse(json_invalid_params(call.id, row.complaint), part_of);
    }
    const std::uint32_t id =
        note({.id = std::move(call.id), .id_value = std::move(call.id_value), .part_of = part_of});
    put_request_head(ready_.emplace_back(), id, call.method, {}, row.count);
    append(ready_.back(), row.values);
}

void json_rpc::refuse(std::string known, const std::shared_ptr<batch>& part_of) {
    const std::uint32_t id = note({.known = std::move(known), .part_of = part_of});
    put_request_head(ready_.emplace_back(), id, json_refused_method, {}, 0);
}

// Nobody is told what is wrong with it.
void json_rpc::notify(const json_call& call) {
    const argument_row row = arguments_of(call);
    if (!row.complaint.empty()) return;
    if (call.method == cancel_method) return cancel(row);
    if (call.method.starts_with(reserved_names)) return;  // of what follows a hello
    put_notification_head(ready_.emplace_back(), call.method, {}, row.count);
    append(ready_.back(), row.values);
}

// The client knows its calls by its own ids. Where several have that one, it is one of them: who
// asks for little is not to make us do much.
void json_rpc::cancel(const argument_row& which) {
    const std::lock_guard locked{mutex_};
    const auto found = std::find_if(asked_.begin(), asked_.end(), [&](const auto& one) {
        return one.second->known.empty() && one.second->id_value == which.values;
    });
    if (found == asked_.end()) return;
    put_notification_head(ready_.emplace_back(), cancel_method, {}, 1);
    append_value(ready_.back(), found->first);
}

argument_row json_rpc::arguments_of(const json_call& call) const {
    argument_row row;
    detail::cursor from{call.params};
    if (from.at_map()) {
        const auto names = names_(call.method);
        return names ? place_arguments(call.params, *names) : row;  // it will not be found either
    }
    if (call.params.empty() || !from.take_list_head(row.count)) return row;
    row.values.assign(from.rest().begin(), from.rest().end());
    return row;
}

std::uint32_t json_rpc::note(question asked) {
    if (asked.part_of) asked.place = asked.part_of->missing++;
    if (asked.part_of) asked.part_of->answers.emplace_back();
    const auto shared = std::make_shared<const question>(std::move(asked));
    const std::lock_guard locked{mutex_};
    while (!asked_.try_emplace(++last_id_, shared).second) {
    }
    return last_id_;
}

// ---- answering ----------------------------------------------------------------------------------

std::string json_rpc::answer(std::span<const std::byte> response) {
    const rpc_frame frame = read_rpc_frame(response);
    if (frame.kind != rpc_kind::response) {
        throw error{
            errc::unsupported, "send call", {}, "who calls speaks JSON-RPC, and is answered only"};
    }
    question_ptr asked;
    {
        const std::lock_guard locked{mutex_};
        const auto found = asked_.find(frame.id);
        if (found != asked_.end()) asked = found->second;
    }
    if (!asked) return {};
    return deliver(frame.id, *asked,
                   asked->known.empty() ? to_json(frame, asked->id) : asked->known);
}

std::string json_rpc::deliver(std::uint32_t id, const question& asked, std::string text) {
    const std::lock_guard locked{mutex_};
    batch* const all = asked.part_of.get();
    const std::uint64_t bytes = text.size() + (all == nullptr ? 0 : all->bytes);
    if (text.size() > small_answer_bytes && bytes > most_) {
        throw error{errc::too_large,
                    "send call",
                    {},
                    "as JSON the answer, or those of its batch, would have " +
                        std::to_string(bytes) + " bytes; message_bytes_max is " +
                        std::to_string(most_)};
    }
    asked_.erase(id);
    if (all == nullptr) return text += '\n';
    all->bytes = bytes;
    all->answers[asked.place] = std::move(text);
    return --all->missing == 0 ? as_array(all->answers) : std::string{};
}

}  // namespace signet::wire
