// SPDX-License-Identifier: Apache-2.0
#include <signet/observe/file_bytes.hpp>

#include <algorithm>

namespace signet::observe {

const std::byte* file_bytes::at(std::uint64_t offset) {
    const std::uint64_t begin = offset / piece_bytes * piece_bytes;
    if (begin != begin_) {
        forget();
        const std::size_t there = file_->read_at(begin, piece_);
        std::fill(piece_.begin() + static_cast<std::ptrdiff_t>(there), piece_.end(), std::byte{});
        begin_ = begin;
    }
    return piece_.data() + (offset - begin);
}

void file_bytes::copy(std::uint64_t offset, void* to, std::size_t bytes) {
    auto* target = static_cast<std::byte*>(to);
    while (bytes != 0) {
        const std::size_t some = std::min<std::uint64_t>(bytes, piece_bytes - offset % piece_bytes);
        std::memcpy(target, at(offset), some);
        offset += some;
        target += some;
        bytes -= some;
    }
}

}  // namespace signet::observe
