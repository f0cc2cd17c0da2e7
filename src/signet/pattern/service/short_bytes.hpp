// SPDX-License-Identifier: Apache-2.0
// A copy of some bytes, without an allocation where they are few. Belongs to one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

namespace signet::pattern {

class short_bytes {
public:
    short_bytes() = default;
    explicit short_bytes(std::span<const std::byte> bytes) { assign(bytes); }
    short_bytes(const short_bytes&) = delete;
    short_bytes& operator=(const short_bytes&) = delete;

    void assign(std::span<const std::byte> bytes) {
        size_ = bytes.size();
        if (size_ > few_.size()) {
            many_.assign(bytes.begin(), bytes.end());
        } else if (size_ != 0) {
            std::memcpy(few_.data(), bytes.data(), size_);
        }
    }

    /// Valid until the next assign(), and as long as this.
    std::span<const std::byte> view() const noexcept {
        return {size_ > few_.size() ? many_.data() : few_.data(), size_};
    }

private:
    std::size_t size_ = 0;
    std::array<std::byte, 64> few_;
    std::vector<std::byte> many_;
};

}  // namespace signet::pattern
