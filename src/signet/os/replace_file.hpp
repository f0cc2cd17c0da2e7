// SPDX-License-Identifier: Apache-2.0
// The content of a file exchanged as a whole: readers find the old or the new, never a mixture, and
// nothing in between whoever dies meanwhile. Any thread, any number of processes at once; the last
// one to finish wins. Waits for nobody but the disk.
#pragma once

#include <signet/os/file.hpp>

#include <cstddef>
#include <span>

namespace signet::os {

/// What a writer's word is worth.
enum class durability {
    process_crash,  ///< survives every process; the machine's end may take what was written last
    host_crash,     ///< survives the machine too: on the disk before the call returns
};

/// Gives `place` this content at one instant. Who has the old file open keeps it. A replacer that
/// is killed leaves the old content or the new, and at most a name `.<name>.<number>.new` beside
/// it, which the next one removes. Throws `error`, such as for a full disk; then the old content
/// stands, unless only the directory could not be brought to the disk.
void replace_file(const file_place& place, std::span<const std::byte> content,
                  durability wanted = durability::host_crash, unsigned mode = file::private_mode);

}  // namespace signet::os
