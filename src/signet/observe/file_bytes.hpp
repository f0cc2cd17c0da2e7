// SPDX-License-Identifier: Apache-2.0
// The bytes of a file that others change, copied out in pieces. Nothing is mapped: whoever cuts the
// file short cannot take them away from under us. A word is as it was when its piece was read; what
// does not exist is 0. One thread at a time.
#pragma once

#include <signet/os/file.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace signet::observe {

class file_bytes {
public:
    static constexpr std::uint64_t piece_bytes = 64 * 1024;

    /// `of` outlives this.
    explicit file_bytes(const os::file& of) : file_{&of}, piece_(piece_bytes) {}

    /// The word at a multiple of its size. Throws `error`: the file cannot be read.
    template <class Word>
    Word get(std::uint64_t offset) {
        const std::byte* const from = at(offset / sizeof(Word) * sizeof(Word));
        Word word;
        std::memcpy(&word, from, sizeof word);
        return word;
    }

    /// Copies `bytes` bytes from there on.
    void copy(std::uint64_t offset, void* to, std::size_t bytes);

    /// From now on all is read anew.
    void forget() noexcept { begin_ = nowhere; }

private:
    static constexpr std::uint64_t nowhere = ~std::uint64_t{0};

    const std::byte* at(std::uint64_t offset);

    const os::file* file_;
    std::uint64_t begin_ = nowhere;
    std::vector<std::byte> piece_;
};

}  // namespace signet::observe
