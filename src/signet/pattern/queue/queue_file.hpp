// SPDX-License-Identifier: Apache-2.0
// Where a queue lies: the file, the region in it, and the queue in that. Any thread.
#pragma once

#include <signet/memory/queue_layout.hpp>
#include <signet/pattern/queue/queue_terms.hpp>
#include <signet/sync/region_core.hpp>

#include <memory>

namespace signet::pattern {

/// Pages that no push takes: what is delayed is moved there, and so makes room. A queue has them
/// beside those of its `bytes`.
inline constexpr std::uint32_t queue_pages_spare = 1;

enum class opening { open_or_create, create, open };

/// A queue of this process: a seat in its region, and its bytes, which were checked.
struct opened_queue {
    std::shared_ptr<sync::region_core> region;
    memory::queue_words words;
};

/// Throws `error` as queue_core says.
opened_queue open_queue(const queue_place& where, const queue_shape& wanted, opening how);

/// Removes the name. False where there is none.
bool remove_queue(const queue_place& where);

/// Removes the name of a mailbox whose reader leaves or is gone, where it still means that file
/// and nobody else is just doing so. Throws `error`.
void remove_if_same(const queue_place& where, const sync::region_core& region);

/// What a queue was made as.
queue_shape shape_of(const memory::queue_words& words);

}  // namespace signet::pattern
