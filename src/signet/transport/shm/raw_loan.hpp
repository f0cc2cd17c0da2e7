// SPDX-License-Identifier: Apache-2.0
// Memory to write one message of any type in. Belongs to the publishing thread.
#pragma once

#include <signet/transport/shm/topic_publisher.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

namespace signet::transport::shm {

/// A chunk, or where the message fits a slot, room in the loan itself. Move-only; must not outlive
/// its publisher.
class raw_loan {
public:
    raw_loan(raw_loan&& other) noexcept { swap(other); }
    raw_loan& operator=(raw_loan&& other) noexcept {
        swap(other);
        return *this;
    }
    ~raw_loan();

    /// For `bytes` bytes. Empty: the patience ended.
    static raw_loan borrow(topic_publisher& from, std::size_t bytes, const patience& limit);

    /// Whether there is memory.
    explicit operator bool() const noexcept { return publisher_ != nullptr; }

    /// As many bytes as were asked for. Valid until this is moved from or ends.
    std::span<std::byte> bytes() noexcept {
        return {chunk_ ? chunk_->data : small_.data(), bytes_};
    }

    /// Sends the first `bytes` of it. False: the patience ended. Throws contract_violation where
    /// it is empty, of another publisher, or too short.
    bool publish(topic_publisher& to, std::size_t bytes, const patience& limit);

private:
    raw_loan() = default;
    void swap(raw_loan& other) noexcept;

    topic_publisher* publisher_ = nullptr;
    std::size_t bytes_ = 0;
    std::optional<chunk_loan> chunk_;
    std::array<std::byte, memory::inline_bytes_limit> small_;
};

}  // namespace signet::transport::shm
