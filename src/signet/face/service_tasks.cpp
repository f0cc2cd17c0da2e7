// SPDX-License-Identifier: Apache-2.0
#include <signet/face/service_tasks.hpp>

#include <signet/base/error.hpp>
#include <signet/face/server.hpp>
#include <signet/pattern/service/call_codes.hpp>

namespace signet {
namespace face {

loop& loop_of_this_thread() {
    if (loop* const here = loop::current()) return *here;
    throw contract_violation{
        "co_await a call, or run a coroutine as a method, in no loop: spawn it "
        "on one, or serve in one"};
}

void complain_of_stop(const std::string& method) {
    throw call_error{std::make_error_code(std::errc::operation_canceled), method,
                     "its loop was stopped", ran::maybe};
}

void awaiting::wait(std::coroutine_handle<> who) {
    if (!on_) return wait_for_deadline(who), ask_again();
    std::unique_ptr<transport::waitable> told;
    {
        const std::lock_guard locked{on_->host.mutex()};
        told = on_->host.enlist(*this, *on_, *what_);
        enlisted_ = true;
    }
    told ? wait_for(who, std::move(told)) : wait_for_deadline(who);
    ask_again();  // it may have come before we were enlisted
}

void awaiting::take_back() {
    if (!enlisted_) return;
    enlisted_ = false;
    const std::lock_guard locked{on_->host.mutex()};
    on_->host.take_back(*this, *on_, *what_);
}

}  // namespace face

task<> server::serve(loop& in) {
    while (engine_->poll()) {
        const bool more = co_await face::awaiting_work{in, *engine_, {}};
        if (!more) break;
    }
}

}  // namespace signet
