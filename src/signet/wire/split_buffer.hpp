// SPDX-License-Identifier: Apache-2.0
// What has come of a stream and was not taken yet, for who looks for the ends of its parts. What is
// whole already is not copied; memory grows with what came. Belongs to one thread.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace signet::wire::detail {

class split_buffer {
public:
    /// More of the stream; must last until keep_rest(), and then need not.
    void give(std::span<const std::byte> bytes);

    /// What was not taken. Ends the validity of what was.
    std::span<const std::byte> rest() {
        if (taken_ != 0 && taken_ == kept_.size()) forget_kept();
        return kept_.empty() ? given_ : std::span<const std::byte>{kept_}.subspan(taken_);
    }

    /// The first of it; valid until rest() is asked for again.
    std::span<const std::byte> take(std::size_t bytes) {
        const auto taken = rest().first(bytes);
        kept_.empty() ? given_ = given_.subspan(bytes), void() : void(taken_ += bytes);
        return taken;
    }

    /// Copies what was given and not taken.
    void keep_rest();

    /// Whether anything is there that was not taken, or that a part was taken of.
    bool holds() const noexcept { return !given_.empty() || !kept_.empty(); }

    /// Whether there is such a copy.
    bool keeps() const noexcept { return !kept_.empty(); }

private:
    void forget_kept();

    std::span<const std::byte> given_;  ///< what was not looked at yet; or else
    std::vector<std::byte> kept_;       ///< what began before, and what came behind it
    std::size_t taken_ = 0;             ///< of `kept_`
};

}  // namespace signet::wire::detail
