// SPDX-License-Identifier: Apache-2.0
// Finds the texts of JSON in a stream that a peer writes, wherever it is cut. It looks at each byte
// once, keeps what is of a text that is not whole yet, and goes as deep as `json_depth_max`. Where
// a text cannot become JSON any more it ends, and the next one begins behind the next line feed:
// nobody can know better where a stream goes on that is broken. Belongs to one thread.
#pragma once

#include <signet/wire/split_buffer.hpp>

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace signet::wire {

/// Arrays and objects within each other; what is deeper is taken for no JSON.
inline constexpr std::size_t json_depth_max = 512;

class json_splitter {
public:
    explicit json_splitter(std::uint64_t text_bytes_max) : most_{text_bytes_max} {}

    /// More of the stream; must last until `next` has returned none, and then need not.
    void give(std::span<const std::byte> bytes) { there_.give(bytes); }

    /// The next text, or what came of it before it was clear that it is none: who reads it learns
    /// that, for brackets, commas and quotes are all that was looked at. Valid until the next call.
    /// None: the rest is kept. Throws `error` (too_large) where it, or a line that is
    /// broken, is longer than `text_bytes_max`.
    std::optional<std::span<const std::byte>> next();

    /// Whether a part of a text is there.
    bool amid() const noexcept { return there_.keeps(); }

private:
    /// What comes next in a text.
    enum class awaited : std::uint8_t {
        value,
        value_or_end,  ///< of an array
        name,
        name_or_end,  ///< of an object
        colon,
        comma_or_end,
        character,  ///< of what stands in quotes
        escaped,    ///< behind a backslash
        scalar,     ///< more of a number, or of a word
    };
    /// What a byte is to the text.
    enum class part { inside, last, behind, wrong };

    void pass_gap();
    void pass_line();
    [[noreturn]] void complain(const char* what) const;
    std::optional<std::size_t> find_end(std::span<const std::byte> bytes);
    part look_at(char c);
    part look_at_token(char c);
    part look_at_value(char c);
    part open(bool object);
    part close(char c);
    part end_quotes();
    part end_value();
    bool in_object() const { return depth_ != 0 && objects_[depth_ - 1]; }

    std::uint64_t most_;
    detail::split_buffer there_;
    bool broken_ = false;       ///< until the next line feed
    std::uint64_t passed_ = 0;  ///< of a broken line

    // Of the text that is looked at:
    std::size_t scanned_ = 0;
    awaited next_ = awaited::value;
    bool names_ = false;  ///< what stands in quotes is the name of a member
    std::size_t depth_ = 0;
    std::bitset<json_depth_max> objects_;  ///< for each depth: whether it is of an object
};

}  // namespace signet::wire
