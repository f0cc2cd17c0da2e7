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

[[noreturn]] void complain_of_size(std::uint64_t most) {
    throw error{errc::too_large,
                "read call",
                {},
                "the peer sends a frame of more than " + std::to_string(most) + " bytes"};
}

}  // namespace

std::optional<std::span<const std::byte>> rpc_splitter::next() {
    const std::span<const std::byte> rest = there_.rest();
    if (rest.empty() || !scan(rest)) {
        there_.keep_rest();
        return std::nullopt;
    }
    const auto value = there_.take(scanned_);
    scanned_ = 0;
    values_ = 1;
    return value;
}

// Whether the value that begins with `bytes` is whole; goes on where it stopped the last time. What
// it has and says that it will have never becomes less, so that it need not be asked at each step.
bool rpc_splitter::scan(std::span<const std::byte> bytes) {
    for (bool goes_on = true; goes_on;) {
        goes_on = pass_short_ones(bytes) && step(bytes);
        // Each value takes a byte at least.
        if (scanned_ + values_ > most_) complain_of_size(most_);
    }
    return values_ == 0 && scanned_ <= bytes.size();
}

// Past the values whose mark alone says what follows it. True: there is another one.
bool rpc_splitter::pass_short_ones(std::span<const std::byte> bytes) {
    std::uint64_t at = scanned_;
    std::uint64_t values = values_;
    bool stopped = false;
    while (values != 0 && at < bytes.size() && !stopped) {
        const detail::short_tail after =
            detail::short_tails[detail::load_once<std::uint8_t>(bytes.data() + at)];
        stopped = after.step == 0;
        at += after.step;
        values += static_cast<std::uint64_t>(static_cast<std::int64_t>(after.values));
    }
    scanned_ = at;
    values_ = values;
    return stopped;
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
