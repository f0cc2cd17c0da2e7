// SPDX-License-Identifier: Apache-2.0
// What was read from a stream of bytes and not taken yet. It grows with the bytes that came, not
// with the length that a peer announced: it holds at most one incomplete message and what one read
// brought behind it. Belongs to one thread at a time.
#pragma once

#include <signet/os/stream_io.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace signet::transport {

class stream_input {
public:
    /// Valid until the next room(), or take_late().
    std::span<const std::byte> unread() const noexcept {
        return {input_.data() + begin_, end_ - begin_};
    }
    void drop(std::size_t bytes) noexcept { begin_ += bytes; }

    /// Where the next read puts what comes. Moves what is unread.
    std::span<std::byte> room();

    /// What became of that read. False: there was nothing.
    bool note(const os::stream_result& read);

    /// There is nothing more to read; and it did not end by itself.
    bool is_over() const noexcept { return over_; }
    bool is_broken() const noexcept { return broken_; }

    /// What `read` gives until the stream is over or empty, `most` bytes or a little more, is kept
    /// apart from what the user may still have in sight, until take_late().
    template <class Read>
    void read_late(std::size_t most, Read read) {
        while (!over_ && late_.size() <= most) {
            const std::size_t there = late_.size();
            late_.resize(there + late_read_bytes);
            const os::stream_result result = read(std::span{late_}.subspan(there));
            late_.resize(there + result.bytes);
            if (!note({result.status, 0})) return;
        }
    }
    void take_late() {
        if (!late_.empty()) join_late();
    }

    /// A copy of what is unread and late.
    std::vector<std::byte> all() const;

private:
    static constexpr std::size_t late_read_bytes = std::size_t{64} << 10;

    std::size_t wanted_bytes() const;
    void join_late();

    std::vector<std::byte> input_;
    std::size_t begin_ = 0;  ///< of what was not taken yet
    std::size_t end_ = 0;
    std::vector<std::byte> late_;
    bool over_ = false;
    bool broken_ = false;
};

}  // namespace signet::transport
