// SPDX-License-Identifier: Apache-2.0
// The part of a server that hands calls out to who answers them, and has threads be as urgent as
// what they work on.
#include <signet/base/error.hpp>
#include <signet/os/process.hpp>
#include <signet/pattern/service/call_codes.hpp>
#include <signet/pattern/service/call_server.hpp>
#include <signet/pattern/service/urgent_thread.hpp>

#include <utility>

namespace signet::pattern {
namespace {

std::optional<wire::rpc_failure> why_reserved(const incoming_call& call) {
    if (call.is_pulse() || !call.frame().method.starts_with(reserved_names)) return std::nullopt;
    return not_run(code::unknown_method,
                   "there is no '" + std::string{call.frame().method} + "' of Signet's");
}

}  // namespace

std::shared_ptr<incoming_call> call_server::receive(const transport::patience& limit) {
    end_urgent_work();  // of what it received before
    lock locked{mutex_};
    call_ptr next;
    while (!next && work(locked, limit)) next = take_next(locked);
    if (!next) return next;
    ++counts_.served;
    locked.unlock();
    take_priority_of(*next);
    return next;
}

// Null: it was something else, which is done, or was refused.
call_server::call_ptr call_server::take_next(lock& locked) {
    const piece_of_work first = queue_.pop();
    if (!reading_ || !queue_.empty()) wake_one();
    const filling filled = first.call ? fill_in(first.call) : filling::done;
    if (filled == filling::waits) return nullptr;
    auto why = first.call ? why_unwanted(filled, *first.call) : std::nullopt;
    if (first.call && !why) why = why_reserved(*first.call);
    if (first.call && !why) return first.call;
    locked.unlock();
    if (first.stream) first.stream->pump();
    if (first.call) reply(*first.call, why, {});
    locked.lock();
    return nullptr;
}

void call_server::on_pulse(method_body body) {
    const std::lock_guard locked{mutex_};
    const auto [at, fresh] =
        methods_.try_emplace(std::string{pulse_method}, method{std::move(body)});
    if (!fresh) throw contract_violation{"handle pulses: they are handled already"};
}

// ---- how urgent ---------------------------------------------------------------------------------

std::uint8_t call_server::priority_of(const transport::channel_end& peer) const try {
    const auto user = peer.peer().user;
    const bool ours = user && (user->uid == os::current_uid() || user->uid == 0);
    return ours ? options_.priority_max : options_.strangers_priority_max;
} catch (const error&) {
    return options_.strangers_priority_max;  // it has gone: what it sent is a stranger's
}

void call_server::take_priority_of(const incoming_call& call) {
    const bool urgent = call.priority() != 0;
    if (!urgent || options_.takes_priority == kernel_priority::usual) return;
    if (begin_urgent_work(call)) return;
    const std::lock_guard locked{mutex_};
    ++counts_.not_raised;
}

std::optional<wire::rpc_failure> call_server::run_urgently(const call_ptr& call,
                                                           const method_body& body,
                                                           std::vector<std::byte>& result) {
    take_priority_of(*call);
    auto failure = pattern::run(call, body, result);
    end_urgent_work(*call);
    return failure;
}

}  // namespace signet::pattern
