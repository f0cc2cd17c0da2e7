// SPDX-License-Identifier: Apache-2.0
// Where a received message of any size is: copied into the sample, or held in the publisher's
// segment. Belongs to the subscriber's thread.
#pragma once

#include <signet/transport/shm/topic_subscriber.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace signet::transport::shm {

class raw_slot {
public:
    raw_slot() = default;
    raw_slot(raw_slot&& other) noexcept { *this = std::move(other); }
    raw_slot& operator=(raw_slot&& other) noexcept {
        std::swap(holder_, other.holder_);
        std::swap(message_, other.message_);
        small_ = other.small_;
        return *this;
    }
    ~raw_slot() {
        if (holder_) holder_->release(message_);
    }

    bool look(const std::shared_ptr<topic_subscriber>& from, received_message& message) {
        if (!from->try_open(message, small_.data())) return false;
        message_ = message;
        if (message.view.in_place != nullptr) holder_ = from;
        return true;
    }

    /// Valid as long as this.
    std::span<const std::byte> bytes() const noexcept {
        const std::byte* const begin = holder_ ? message_.view.in_place : small_.data();
        return {begin, message_.view.bytes};
    }

private:
    std::shared_ptr<topic_subscriber> holder_;  ///< of a message that lies in place
    received_message message_;
    alignas(8) std::array<std::byte, memory::inline_bytes_limit> small_;
};

}  // namespace signet::transport::shm
