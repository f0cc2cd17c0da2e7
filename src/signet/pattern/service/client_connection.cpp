// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/service/client_connection.hpp>

namespace signet::pattern {

void client_connection::enter(outgoing_call& call) {
    while (!waiting.try_emplace(next_id, &call).second) ++next_id;
    call.id_ = next_id++;
}

outgoing_call* client_connection::leave(std::uint32_t id) {
    const auto found = waiting.find(id);
    if (found == waiting.end()) return nullptr;
    outgoing_call* const call = found->second;
    waiting.erase(found);
    return call;
}

// Who was woken is no follower any more, so that the next one is woken next.
void client_connection::wake_one() {
    if (reading) return;
    if (!followers.empty()) {
        followers.back()->post();
        followers.pop_back();
    } else if (!senders.empty()) {
        senders.back()->wake();
        senders.pop_back();
    }
}

void client_connection::end(const std::exception_ptr& why) {
    over = true;
    for (const auto& [id, call] : waiting) {
        call->failure_ = why;
        complete(*call);
    }
    waiting.clear();
    for (transport::wait_engine* const one : senders) one->wake();
}

void client_connection::complete(outgoing_call& call) {
    call.done_ = true;
    if (call.waiter_ != nullptr) call.waiter_->post();
}

}  // namespace signet::pattern
