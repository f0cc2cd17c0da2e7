// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/redo_log.hpp>

#include <signet/base/error.hpp>

#include <algorithm>

namespace signet::memory {

bool replay(const region_words& words) noexcept {
    region_header& header = words.header();
    const std::uint64_t count = header.redo_count.load(std::memory_order_acquire);  // SYNC redo
    bool sound = count <= redo_entries_max;
    for (std::uint64_t i = 0; sound && i < count; ++i) {
        // relaxed, both: the count that was loaded orders them
        const std::uint64_t offset = header.redo[i].offset.load(std::memory_order_relaxed);
        const std::uint64_t value = header.redo[i].value.load(std::memory_order_relaxed);
        sound = words.has(offset) && offset >= page_bytes;
        // release: as in `commit`
        if (sound) words.at(offset).store(value, std::memory_order_release);  // SYNC entry
    }
    header.redo_count.store(0, std::memory_order_release);  // SYNC redo
    return sound;
}

std::uint64_t transaction::get(std::uint64_t offset) const {
    if (!words_.has(offset)) {
        throw error{errc::damaged, "read a region", {}, "a link in it leads out of it"};
    }
    if (const change* const known = find(offset)) return known->value;
    // relaxed: the lock orders it
    return words_.at(offset).load(std::memory_order_relaxed);
}

void transaction::set(std::uint64_t offset, std::uint64_t value) {
    if (!words_.has(offset) || offset < page_bytes) {
        throw error{errc::damaged, "change a region", {}, "a link in it leads out of it"};
    }
    if (const change* const known = find(offset)) {
        changes_[static_cast<std::size_t>(known - changes_.data())].value = value;
        return;
    }
    if (count_ == redo_entries_max) {
        throw contract_violation{"a transaction changes more words than its log has entries"};
    }
    changes_[count_++] = {offset, value};
}

void transaction::commit() noexcept {
    region_header& header = words_.header();
    for (std::size_t i = 0; i < count_; ++i) {
        // relaxed, both: the count orders them
        header.redo[i].offset.store(changes_[i].offset, std::memory_order_relaxed);
        header.redo[i].value.store(changes_[i].value, std::memory_order_relaxed);
    }
    header.redo_count.store(count_, std::memory_order_release);  // SYNC redo
    for (std::size_t i = 0; i < count_; ++i) {
        // release: what is found through this word is there; loads elsewhere name it
        words_.at(changes_[i].offset)
            .store(changes_[i].value, std::memory_order_release);  // SYNC entry
    }
    header.redo_count.store(0, std::memory_order_release);  // SYNC redo
    count_ = 0;
}

const transaction::change* transaction::find(std::uint64_t offset) const noexcept {
    const auto end = changes_.begin() + static_cast<std::ptrdiff_t>(count_);
    const auto known = std::find_if(changes_.begin(), end,
                                    [&](const change& one) { return one.offset == offset; });
    return known == end ? nullptr : &*known;
}

}  // namespace signet::memory
