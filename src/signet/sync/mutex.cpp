// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/mutex.hpp>

#include <signet/base/error.hpp>

#include <utility>

namespace signet::sync {
const void* this_thread_mark() noexcept {
    static thread_local const char mark = 0;
    return &mark;
}

mutex::mutex(const region& in, std::string_view name, mutex_options options)
    : mutex{in.core(), name,
            *in.core()->words_of<lock_word>({.kind = memory::object_kind::mutex, .name = name}),
            std::move(options)} {}

mutex::mutex(std::shared_ptr<region_core> in, std::string_view name, lock_word& word,
             mutex_options options)
    : in_{std::move(in)}, name_{name}, options_{std::move(options)}, word_{*in_, word} {}

// relaxed, here and below: a thread asks only whether it stored its own mark
bool mutex::held_here() const noexcept {
    return holder_.load(std::memory_order_relaxed) == this_thread_mark();  // relaxed: as above
}

void mutex::require_held(const char* what) const {
    if (!held_here()) {
        throw contract_violation{std::string{what} + " mutex '" + name_ +
                                 "': this thread does not have it"};
    }
}

ownership mutex::try_take() {
    in_->check_process();
    return word_.try_take();
}

ownership mutex::take(const patience& limit) {
    const ownership at_once = try_take();
    if (at_once != ownership::none) return at_once;
    if (held_here()) {
        throw contract_violation{"lock mutex '" + name_ +
                                 "': this thread has it already; use recursive_mutex"};
    }
    return word_.take(limit);
}

// Makes it this thread's; true: it was inherited.
bool mutex::adopt(ownership got) noexcept {
    holder_.store(this_thread_mark(), std::memory_order_relaxed);  // relaxed: for this thread only
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
    require_held("repair");
    consistent_ = true;
}

void mutex::unlock() {
    require_held("unlock");
    holder_.store(nullptr, std::memory_order_relaxed);  // relaxed: for this thread only
    if (!in_->here()) return;                           // a forked child has no such memory
    word_.give_up(consistent_ ? left_as::consistent : left_as::found);
}

}  // namespace signet::sync
