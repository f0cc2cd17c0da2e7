// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/service/urgent_thread.hpp>

#include <signet/base/error.hpp>
#include <signet/os/thread_priority.hpp>
#include <signet/pattern/service/incoming_call.hpp>

#include <optional>

namespace signet::pattern {
namespace {

struct urgent_work {
    const incoming_call* on = nullptr;  ///< may have gone: a name alone
    std::optional<os::raised_priority> raised;
};

urgent_work& of_this_thread() noexcept {
    static thread_local urgent_work work;
    return work;
}

}  // namespace

bool begin_urgent_work(const incoming_call& on) try {
    end_urgent_work();
    urgent_work& work = of_this_thread();
    auto raised = os::raised_priority::raise(on.priority());
    if (!raised) return false;
    work.raised.emplace(std::move(*raised));
    work.on = &on;
    return true;
} catch (const error&) {
    return false;  // a system without priorities
}

void end_urgent_work(const incoming_call& on) noexcept {
    if (of_this_thread().on == &on) end_urgent_work();
}

void end_urgent_work() noexcept {
    of_this_thread().raised.reset();
    of_this_thread().on = nullptr;
}

}  // namespace signet::pattern
