// SPDX-License-Identifier: Apache-2.0
// Something that is to be done once, by one of many processes. When the one that does it dies, or
// its function throws, the next one begins anew: the function must bear that, and is done when it
// has returned once.
//
// One word: 0, the stamp of who is at it, or done. Thread safety: any thread of any process.
#pragma once

#include <signet/sync/owned_word.hpp>
#include <signet/sync/region.hpp>

#include <memory>
#include <string_view>
#include <utility>

namespace signet::sync {

class once_flag {
public:
    /// Finds it in the region, or makes it. Throws `error` as `mutex` does.
    once_flag(const region& in, std::string_view name);

    /// For what lives in a region: the flag is the word at `word`.
    once_flag(std::shared_ptr<region_core> in, lock_word& word) noexcept
        : in_{std::move(in)}, word_{&word} {}

    once_flag(const once_flag&) = delete;
    once_flag& operator=(const once_flag&) = delete;

    /// Returns when `function` has returned once, here or elsewhere; waits while somebody else is
    /// at it. True: it was here. Throws what the function throws.
    template <class Function>
    bool call(Function&& function) {
        if (done() || !begin()) return false;
        try {
            std::forward<Function>(function)();
        } catch (...) {
            end(nothing);
            throw;
        }
        end(all_done);
        return true;
    }

    /// Whether it has been done.
    bool done() const {
        in_->check_process();
        return word_->load(std::memory_order_acquire) == all_done;  // SYNC once
    }

    /// W2 and W3.
    static void take_back(lock_word& word, memory::stamp dead) noexcept;

private:
    static constexpr std::uint32_t nothing = 0;
    static constexpr std::uint32_t all_done = memory::stamp::mask;  ///< the stamp of no seat

    bool begin();
    void end(std::uint32_t state) noexcept;

    std::shared_ptr<region_core> in_;
    lock_word* word_;
};

}  // namespace signet::sync
