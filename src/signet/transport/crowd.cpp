// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/crowd.hpp>

#include <utility>

namespace signet::transport {

bool crowd::try_take(wait_member& one) {
    if (!has_place()) return false;
    const std::size_t number = free_number();
    const auto mark = static_cast<std::uint32_t>(number % memory::marks_per_place);
    if (!one.endpoint->tell_on_board(place_->word_of(mark))) return false;
    const wait_key key = one.key;
    all_.emplace(key, told{std::move(one), number});
    numbers_[number] = key;
    free_.pop_back();
    return true;
}

bool crowd::has_place() {
    if (place_) return true;
    auto place = life::ready_place::try_take();
    if (place) place_.emplace(std::move(*place));
    return place.has_value();
}

std::size_t crowd::free_number() {
    if (free_.empty()) {
        free_.push_back(numbers_.size());
        numbers_.push_back(nobody);
    }
    return free_.back();
}

std::optional<wait_member> crowd::give(wait_key key) {
    const auto found = all_.find(key);
    if (found == all_.end()) return std::nullopt;
    free_.push_back(found->second.number);
    numbers_[found->second.number] = nobody;
    wait_member one = std::move(found->second.member);
    all_.erase(found);
    one.quiet = 0;
    one.endpoint->touched();
    return one;
}

std::vector<wait_member> crowd::give_all() {
    std::vector<wait_member> given;
    given.reserve(all_.size());
    while (!all_.empty()) given.push_back(*give(all_.begin()->first));
    return given;
}

os::futex_waiter crowd::arm() {
    armed_ = true;
    return place_->bell().arm();
}

void crowd::arm_fd() {
    armed_ = true;
    place_->bell().arm_event();
}

void crowd::disarm() {
    if (std::exchange(armed_, false)) place_->bell().disarm();
}

}  // namespace signet::transport
