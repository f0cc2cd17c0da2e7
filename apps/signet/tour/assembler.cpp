// SPDX-License-Identifier: Apache-2.0
#include <tour/assembler.hpp>

namespace tour {

piece file_assembler::place(const chunk& c) {
    complete_ = false;
    if (!begins(c) && !continues(c)) {
        inside_ = false;
        return piece::skip;
    }
    file_ = c.file;
    expected_ = c.offset + c.used;
    inside_ = c.last == 0;
    if (!inside_ && expected_ != c.size) return piece::changed;
    complete_ = !inside_;
    return begins(c) ? piece::first : piece::next;
}

}  // namespace tour
