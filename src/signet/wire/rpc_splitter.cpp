// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/rpc_splitter.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/cursor.hpp>
#include <signet/wire/tail.hpp>

#include <string>

namespace signet::wire {
namespace {

std::uint64_t load_size(const std::byte* from, std::size_t bytes) {
    std::uint64_t size = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
        size = size << 8 | detail::load_once<std::uint8_t>(from + i);
    }
    return size;
}

}  // namespace

void rpc_splitter::give(std::span<const std::byte> bytes) {
    if (kept_.empty()) {
        given_ = bytes;
    } else {
        kept_.insert(kept_.end(), bytes.begin(), bytes.end());
    }
}

std::optional<std::span<const std::byte>> rpc_splitter::next() {
    forget_taken();
    const std::span<const std::byte> there =
        kept_.empty() ? given_ : std::span<const std::byte>{kept_}.subspan(taken_);
    if (there.empty() || !scan(there)) {
        keep_rest();
        return std::nullopt;
    }
    const auto value = there.first(scanned_);
    kept_.empty() ? given_ = there.subspan(scanned_), void() : void(taken_ += scanned_);
    scanned_ = 0;
    values_ = 1;
    return value;
}

// What was taken out of `kept_` is there until the next call, for who took it.
void rpc_splitter::forget_taken() {
    if (taken_ == 0 || taken_ != kept_.size()) return;
    kept_.clear();
    taken_ = 0;
}

void rpc_splitter::keep_rest() {
    if (kept_.empty()) {
        kept_.assign(given_.begin(), given_.end());
        given_ = {};
    } else if (taken_ != 0) {
        kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(taken_));
        taken_ = 0;
    }
}

// Whether the value that begins with `bytes` is whole; goes on where it stopped the last time.
bool rpc_splitter::scan(std::span<const std::byte> bytes) {
    while (values_ != 0) {
        if (scanned_ >= bytes.size() || !step(bytes)) return false;
        // Each value takes a byte at least.
        if (scanned_ + values_ > most_) {
            throw error{errc::too_large,
                        "read call",
                        {},
                        "the peer sends a frame of more than " + std::to_string(most_) + " bytes"};
        }
    }
    return scanned_ <= bytes.size();
}

// Past the head of one value, and its body where it has no values in it.
bool rpc_splitter::step(std::span<const std::byte> bytes) {
    const std::byte* const at = bytes.data() + scanned_;
    const detail::tail after = detail::tail_of(detail::load_once<std::uint8_t>(at));
    if (bytes.size() - scanned_ - 1 < after.size_bytes) return false;
    const std::uint64_t size = load_size(at + 1, after.size_bytes);
    scanned_ += 1 + after.size_bytes + after.bytes + (after.values_each == 0 ? size : 0);
    values_ += after.values + after.values_each * size - 1;
    return true;
}

}  // namespace signet::wire
