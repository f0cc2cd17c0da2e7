// SPDX-License-Identifier: Apache-2.0
#include <signet/face/request.hpp>

#include <signet/face/client.hpp>
#include <signet/pattern/service/call_codes.hpp>
#include <signet/pattern/service/urgent_thread.hpp>

namespace signet {

std::optional<os::process> face::process_of(const transport::channel_end& end) {
    auto handle = end.peer_process();
    if (!handle) return std::nullopt;
    return os::process::adopt(std::move(*handle));
}

request& request::operator=(request&& other) noexcept {
    if (this == &other) return *this;
    drop();
    by_ = other.by_;
    call_ = std::move(other.call_);
    return *this;
}

request::~request() {
    drop();
}

// Whether it ran is for who received it to say, and that did not.
void request::drop() noexcept try {
    if (!call_) return;
    answer_with(wire::rpc_failure{.code = std::string{pattern::code::unanswered},
                                  .type = {},
                                  .text = "the server received it, and did not answer",
                                  .ran = {}});
} catch (...) {
    // no memory: the caller learns it by its deadline, or by the end of the connection
}

void request::complain_of_answer() {
    throw contract_violation{"use a request that was answered, or moved"};
}

pattern::pulse request::as_pulse() const {
    if (!is_pulse()) throw contract_violation{"use a call as a pulse"};
    return pattern::read_pulse(call().frame());
}

std::vector<std::byte> request::begin_result() const {
    std::vector<std::byte> bytes;
    wire::put_result_head(bytes, call().frame().id);
    return bytes;
}

void request::reply() {
    std::vector<std::byte> bytes = begin_result();
    bytes.push_back(std::byte{wire::format::nil});
    answer_with({}, bytes);
}

void request::fail(std::string type, std::string text) {
    answer_with(wire::rpc_failure{
        .code = {}, .type = std::move(type), .text = std::move(text), .ran = "yes"});
}

void request::run(const pattern::method_body& body) {
    call();
    const std::shared_ptr<pattern::incoming_call> kept = call_;
    std::vector<std::byte> result;
    auto failure = pattern::run(kept, body, result);
    if (!kept->answered_later()) return answer_with(std::move(failure), result);
    call_ = nullptr;  // it is a coroutine's now
    pattern::end_urgent_work(*kept);
}

void request::forward(const client& to) {
    call();
    by_->forward(std::exchange(call_, nullptr), *to.engine_);
}

void request::answer_with(std::optional<wire::rpc_failure> failure,
                          const std::vector<std::byte>& result) {
    call();
    const auto answered = std::exchange(call_, nullptr);
    by_->reply(*answered, failure, result);
    answered->drop_rest();
    pattern::end_urgent_work(*answered);
}

}  // namespace signet
