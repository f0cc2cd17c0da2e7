// SPDX-License-Identifier: Apache-2.0
// Where a received message of any size is: copied into the sample, or held in the publisher's
// segment. Belongs to the subscriber's thread.
#pragma once

#include <signet/transport/shm/topic_subscriber.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <utility>

namespace signet::transport::shm {

class raw_slot {
public:
    raw_slot() = default;
    raw_slot(raw_slot&& other) noexcept { *this = std::move(other); }
    raw_slot& operator=(raw_slot&& other) noexcept {
        std::swap(hold_, other.hold_);
        std::swap(in_place_, other.in_place_);
        std::swap(bytes_, other.bytes_);
        small_ = other.small_;
        return *this;
    }
    ~raw_slot() {
        if (hold_.by != nullptr) hold_.by->release(hold_);
    }

    bool look(topic_subscriber& from, received_message& message) {
        if (!from.try_open(message, small_.data())) return false;
        bytes_ = message.view.bytes;
        in_place_ = message.view.in_place;
        if (in_place_ != nullptr) hold_ = {&from, message.from, message.view.hold};
        return true;
    }

    /// Valid as long as this.
    std::span<const std::byte> bytes() const noexcept {
        return {in_place_ != nullptr ? in_place_ : small_.data(), bytes_};
    }

private:
    held_message hold_;
    const std::byte* in_place_ = nullptr;
    std::size_t bytes_ = 0;
    alignas(8) std::array<std::byte, memory::inline_bytes_limit> small_;
};

}  // namespace signet::transport::shm
