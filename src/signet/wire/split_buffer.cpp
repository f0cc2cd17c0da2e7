// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/split_buffer.hpp>

namespace signet::wire::detail {

void split_buffer::give(std::span<const std::byte> bytes) {
    if (kept_.empty()) {
        given_ = bytes;
    } else {
        kept_.insert(kept_.end(), bytes.begin(), bytes.end());
    }
}

// It was there until now for who took it.
void split_buffer::forget_kept() {
    kept_.clear();
    taken_ = 0;
}

void split_buffer::keep_rest() {
    if (kept_.empty()) {
        kept_.assign(given_.begin(), given_.end());
        given_ = {};
    } else if (taken_ != 0) {
        kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(taken_));
        taken_ = 0;
    }
}

}  // namespace signet::wire::detail
