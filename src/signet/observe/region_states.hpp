// SPDX-License-Identifier: Apache-2.0
// What the words of each kind of object in a region say, for who only looks. The layouts stand in
// the headers of sync/, and in docs/formats.md. One thread at a time.
#pragma once

#include <signet/memory/region_layout.hpp>
#include <signet/observe/file_bytes.hpp>

#include <cstdint>
#include <string>

namespace signet::observe {

/// The words of one object. Offsets beyond it read as 0, whatever its entry said.
class object_words {
public:
    object_words(file_bytes& in, std::uint64_t offset, std::uint64_t bytes, std::uint64_t shape)
        : in_{&in}, offset_{offset}, bytes_{bytes}, shape_{shape} {}

    std::uint32_t u32(std::uint64_t at) const { return get<std::uint32_t>(at); }
    std::uint64_t u64(std::uint64_t at) const { return get<std::uint64_t>(at); }

    std::uint64_t bytes() const noexcept { return bytes_; }
    std::uint64_t shape() const noexcept { return shape_; }

private:
    template <class Word>
    Word get(std::uint64_t at) const {
        return at < bytes_ && sizeof(Word) <= bytes_ - at ? in_->get<Word>(offset_ + at) : 0;
    }

    file_bytes* in_;
    std::uint64_t offset_;
    std::uint64_t bytes_;
    std::uint64_t shape_;
};

struct object_state {
    std::uint32_t owner_word = 0;  ///< with a stamp, where it has an owner
    bool waited_for = false;
    std::string text{};  ///< for people
};

object_state state_of(memory::object_kind kind, const object_words& words, std::uint32_t seats);

}  // namespace signet::observe
