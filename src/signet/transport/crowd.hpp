// SPDX-License-Identifier: Apache-2.0
// The members of a wait for many things that are idle and need not be looked at: a mark on the
// board of this process tells of each (life/ready_board.hpp). So they cost a wait nothing, be they
// thousands. Where they are more than there are marks, several share one.
//
// Thread safety: belongs to the thread that waits.
#pragma once

#include <signet/life/ready_board.hpp>
#include <signet/os/futex.hpp>
#include <signet/transport/waitable.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace signet::transport {

/// One that is looked at, or told of by a mark.
struct wait_member {
    wait_key key;
    std::unique_ptr<waitable> endpoint;
    int fd = -1;        ///< in the epoll set; -1: not yet
    int board_fd = -1;  ///< likewise
    bool enabled = true;
    std::uint32_t quiet = 0;  ///< looks in a row that found nothing
};

class crowd {
public:
    /// Takes it in, where it can be told of and is not ready; else it stays what it is. Throws
    /// `error`.
    bool try_take(wait_member& one);

    bool contains(wait_key key) const { return all_.contains(key); }
    bool any_marked() const { return !all_.empty() && place_->any(); }

    /// Gives back who was marked, by `back(wait_member)`; or one; or all.
    template <class Back>
    void give_marked(Back&& back);
    std::optional<wait_member> give(wait_key key);
    std::vector<wait_member> give_all();

    /// Calls `what(wait_member&)` for each.
    template <class What>
    void for_each(What&& what) {
        for (auto& [key, one] : all_) what(one.member);
    }

    /// For the sleep until somebody is marked: after arming, look at any_marked().
    os::futex_waiter arm();
    void arm_fd();
    void disarm();

    bool empty() const noexcept { return all_.empty(); }
    std::size_t size() const noexcept { return all_.size(); }

private:
    struct told {
        wait_member member;
        std::size_t number;
    };

    static constexpr wait_key nobody{0};

    bool has_place();
    std::size_t free_number();

    std::optional<life::ready_place> place_;
    bool armed_ = false;
    std::unordered_map<wait_key, told> all_;
    std::vector<wait_key> numbers_;  ///< whose number that is
    std::vector<std::size_t> free_;  ///< numbers of nobody
};

template <class Back>
void crowd::give_marked(Back&& back) {
    place_->take([&](std::uint32_t mark) {
        for (std::size_t n = mark; n < numbers_.size(); n += memory::marks_per_place) {
            if (numbers_[n] != nobody) back(*give(numbers_[n]));
        }
    });
}

}  // namespace signet::transport
