// SPDX-License-Identifier: Apache-2.0
// Messages that tell whether they are whole, and a reader's memory of what must come next. Values;
// one thread at a time.
#pragma once

#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace signet::tests {

/// A number, and words that only this number from this author has.
template <std::size_t Words>
struct self_checking {
    std::uint64_t author;
    std::uint64_t number;
    std::array<std::uint64_t, Words> words;
};

using small_message = self_checking<4>;    ///< lies in a slot
using large_message = self_checking<200>;  ///< lies in a chunk

constexpr std::uint64_t word_of(std::uint64_t author, std::uint64_t number, std::uint64_t i) {
    std::uint64_t x = (author ^ (number * 0x9e37'79b9'7f4a'7c15)) + i;
    x = (x ^ (x >> 30)) * 0xbf58'476d'1ce4'e5b9;
    return x ^ (x >> 27);
}

template <std::size_t Words>
void fill(self_checking<Words>& message, std::uint64_t author, std::uint64_t number) {
    message.author = author;
    message.number = number;
    for (std::size_t i = 0; i < Words; ++i) message.words[i] = word_of(author, number, i);
}

template <std::size_t Words>
bool whole(const self_checking<Words>& message) {
    for (std::size_t i = 0; i < Words; ++i) {
        if (message.words[i] != word_of(message.author, message.number, i)) return false;
    }
    return true;
}

/// The byte at `place` of a message of so many.
constexpr std::byte byte_of(std::size_t bytes, std::size_t place) {
    return static_cast<std::byte>(place + place / 4096 * 7 + bytes);
}

inline void fill_bytes(std::byte* to, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) to[i] = byte_of(bytes, i);
}

inline bool bytes_whole(const std::byte* from, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) {
        if (from[i] != byte_of(bytes, i)) return false;
    }
    return true;
}

/// Checks that each publisher's messages come whole and one after the other, but for those that are
/// said to be lost. Remembers the publishers heard of last.
class sequence_check {
public:
    /// What is wrong with this sample; nothing where it is the next one.
    template <class Message>
    std::optional<std::string> fault_of(const sample<Message>& got) {
        if (!whole(*got)) return "torn: " + describe(got);
        if (got->number != got.number()) return "another one's: " + describe(got);
        const std::uint64_t first_new = got.number() - got.lost_before();
        const std::uint64_t expected = take_turn(got.publisher(), first_new, got.number() + 1);
        if (first_new == expected) return std::nullopt;
        return "expected " + std::to_string(expected) + " but got " + describe(got);
    }

    std::size_t publishers() const noexcept { return publishers_; }

private:
    struct turn {
        std::uint64_t next;
        std::uint64_t heard_at;
    };

    /// What was to come next from a publisher, `otherwise` where it is new; then comes `next`.
    std::uint64_t take_turn(std::uint64_t publisher, std::uint64_t otherwise, std::uint64_t next) {
        const auto [known, added] = turns_.try_emplace(publisher, turn{otherwise, 0});
        const std::uint64_t expected = known->second.next;
        known->second = {next, ++heard_};
        publishers_ += added;
        if (turns_.size() > remembered_max) forget_the_quietest();
        return expected;
    }

    void forget_the_quietest() {
        turns_.erase(std::min_element(turns_.begin(), turns_.end(), [](auto& a, auto& b) {
            return a.second.heard_at < b.second.heard_at;
        }));
    }

    static constexpr std::size_t remembered_max = 256;

    template <class Message>
    static std::string describe(const sample<Message>& got) {
        return "number " + std::to_string(got.number()) + ", saying it is " +
               std::to_string(got->number) + " of process " + std::to_string(got->author);
    }

    std::map<std::uint64_t, turn> turns_;  // by publisher
    std::uint64_t heard_ = 0;
    std::size_t publishers_ = 0;
};

}  // namespace signet::tests
