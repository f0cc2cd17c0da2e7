// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/stream_input.hpp>

#include <algorithm>
#include <cstring>

namespace signet::transport {
namespace {

/// What is read at once at first, and where there is much to read.
constexpr std::size_t read_bytes_least = std::size_t{4} << 10;
constexpr std::size_t read_bytes_most = std::size_t{64} << 10;

}  // namespace

std::size_t stream_input::wanted_bytes() const {
    const std::size_t there = end_ - begin_;
    const bool filled = end_ == input_.size() && !input_.empty();
    const std::size_t usual =
        std::clamp(filled ? 2 * input_.size() : input_.size(), read_bytes_least, read_bytes_most);
    return there < usual ? usual : 2 * there;
}

std::span<std::byte> stream_input::room() {
    const std::size_t wanted = wanted_bytes();
    if (begin_ != 0) {
        if (end_ != begin_) std::memmove(input_.data(), input_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (input_.size() < wanted) input_.resize(wanted);
    return std::span{input_}.subspan(end_);
}

bool stream_input::note(const os::stream_result& read) {
    end_ += read.bytes;
    switch (read.status) {
        case os::stream_status::moved: return true;
        case os::stream_status::timed_out: return false;
        case os::stream_status::reset: broken_ = true; break;
        case os::stream_status::ended: break;
    }
    over_ = true;
    return true;
}

void stream_input::join_late() {
    input_.resize(end_);
    input_.insert(input_.end(), late_.begin(), late_.end());
    end_ = input_.size();
    late_.clear();
}

std::vector<std::byte> stream_input::all() const {
    const auto there = unread();
    std::vector<std::byte> both(there.begin(), there.end());
    both.insert(both.end(), late_.begin(), late_.end());
    return both;
}

}  // namespace signet::transport
