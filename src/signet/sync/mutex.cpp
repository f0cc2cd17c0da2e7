// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/mutex.hpp>

#include <signet/base/error.hpp>
#include <signet/os/priority_futex.hpp>

#include <span>
#include <utility>

namespace signet::sync {

mutex::mutex(const region& in, std::string_view name, mutex_options options)
    : mutex{in.core(), name,
            *reinterpret_cast<lock_word*>(find(*in.core(), name, options.priority)),
            std::move(options)} {}

std::byte* mutex::find(region_core& in, std::string_view name, lock_priority priority) {
    const std::uint64_t fresh[]{0, 0, priority == lock_priority::lent ? os::pid_namespace() : 0};
    return in
        .find_or_make({.kind = memory::object_kind::mutex,
                       .name = name,
                       .shape = static_cast<std::uint64_t>(priority),
                       .initial = std::as_bytes(std::span{fresh})})
        .where;
}

mutex::mutex(std::shared_ptr<region_core> in, std::string_view name, lock_word& word,
             mutex_options options)
    : in_{std::move(in)}, name_{name}, options_{std::move(options)}, word_{*in_, word} {
    if (options_.priority == lock_priority::own) return;
    lends_.emplace(*in_, reinterpret_cast<priority_word::words&>(word), name_);
}

void mutex::complain_of_unheld(const char* what) const {
    throw contract_violation{std::string{what} + " mutex '" + name_ +
                             "': this thread does not have it"};
}

ownership mutex::take(const patience& limit) {
    const ownership at_once = try_take();
    if (at_once != ownership::none) return at_once;
    if (held_here()) {
        throw contract_violation{"lock mutex '" + name_ +
                                 "': this thread has it already; use recursive_mutex"};
    }
    return lends_ ? lends_->take(limit) : word_.take(limit);
}

// Makes it this thread's; true: it was inherited.
bool mutex::adopt(ownership got) noexcept {
    adopt_clean();
    consistent_ = got == ownership::clean;
    return !consistent_;
}

bool mutex::admit(ownership got) {
    if (got == ownership::none) return false;
    return !adopt(got) || admit_inherited();
}

bool mutex::admit_inherited() {
    try {
        if (!options_.repair) {
            throw error{errc::owner_died, "lock mutex", name_,
                        "what it guards may be half changed; give it a repair hook, or call "
                        "lock_inherited, put things right, and mark_consistent"};
        }
        options_.repair();
    } catch (...) {
        unlock();
        throw;
    }
    consistent_ = true;
    return true;
}

bool mutex::lock_inherited() {
    return adopt(take({}));
}

void mutex::mark_consistent() {
    if (!held_here()) complain_of_unheld("repair");
    consistent_ = true;
}

}  // namespace signet::sync
