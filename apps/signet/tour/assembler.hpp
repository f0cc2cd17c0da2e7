// SPDX-License-Identifier: Apache-2.0
// Decides for each piece of a file whether it continues the one before. A file counts only when it
// was seen from its first byte to its last without a gap; who joins in the middle of one waits for
// the next. One assembler per publisher; one thread.
#pragma once

#include <tour/messages.hpp>

#include <cstdint>

namespace tour {

/// What to do with a piece.
enum class piece {
    skip,     ///< its beginning was missed
    first,    ///< a new file begins
    next,     ///< it continues the file
    changed,  ///< the file ended at another size than announced: forget it
};

class file_assembler {
public:
    /// Where `c` belongs.
    piece place(const chunk& c);

    /// Whether the last piece placed completed its file.
    bool complete() const noexcept { return complete_; }

private:
    bool begins(const chunk& c) const { return c.offset == 0; }
    bool continues(const chunk& c) const {
        return inside_ && c.file == file_ && c.offset == expected_;
    }

    bool inside_ = false;
    bool complete_ = false;
    std::uint64_t file_ = 0;
    std::uint64_t expected_ = 0;
};

}  // namespace tour
