// SPDX-License-Identifier: Apache-2.0
#include <signet/observe/region_states.hpp>

#include <algorithm>

namespace signet::observe {
namespace {

using memory::object_kind;
using memory::stamp;

constexpr std::uint32_t somebody_waits = 1;  // in words that count by two
constexpr std::uint32_t all_done = stamp::mask;

std::string text_of(std::uint64_t count, const char* one, const char* many) {
    return std::to_string(count) + ' ' + (count == 1 ? one : many);
}

object_state owned(std::uint32_t word) {
    return {word, (word & memory::waiters_bit) != 0};
}

object_state counted(std::uint32_t word, std::string text) {
    return {0, (word & somebody_waits) != 0, std::move(text)};
}

/// One that lends priority has the kernel's word first, then the stamp (sync/priority_word.hpp).
object_state mutex_state(const object_words& words) {
    if (words.shape() == 0) return owned(words.u32(0));
    const std::uint32_t inherited = words.u64(8) != 0 ? memory::inherited_bit : 0;
    const bool waited_for = (words.u32(0) & memory::waiters_bit) != 0;
    return {stamp::of(words.u32(4)).bits() | inherited, waited_for, "lends priority"};
}

object_state semaphore_state(const object_words& words) {
    const std::uint32_t word = words.u32(0);
    return counted(word, text_of(word >> 1, "permit", "permits"));
}

object_state event_state(const object_words& words) {
    const std::uint32_t word = words.u32(0);
    return counted(word, (word & 2) != 0 ? "set" : "not set");
}

object_state shared_mutex_state(const object_words& words, std::uint32_t seats) {
    object_state found = owned(words.u32(0));
    found.waited_for = found.waited_for || (words.u32(memory::line_bytes) & somebody_waits) != 0;
    std::uint64_t readers = 0;
    for (std::uint64_t seat = 0; seat < seats; ++seat) {
        readers += words.u64((2 + seat) * memory::line_bytes) & 0xffff;
    }
    if (readers != 0) found.text = text_of(readers, "reader", "readers");
    return found;
}

object_state once_state(const object_words& words, const char* done) {
    const std::uint32_t word = words.u32(0);
    if ((word & stamp::mask) == all_done) return {0, false, done};
    object_state found = owned(word);
    found.text = stamp::of(word).nobody() ? std::string{"not "} + done : "under way";
    return found;
}

object_state meeting_state(const object_words& words) {
    constexpr std::uint64_t places = 16;
    constexpr std::uint64_t place_bytes = 16;
    const std::uint32_t word = words.u32(0);
    const std::uint64_t count = std::min(words.shape(), words.bytes() / place_bytes);
    std::uint64_t there = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const stamp owner =
            stamp::of(static_cast<std::uint32_t>(words.u64(places + i * place_bytes)));
        if (!owner.nobody() && owner.bits() != stamp::mask) ++there;
    }
    return counted(word, "round " + std::to_string(word >> memory::meeting_round_shift) + ", " +
                             std::to_string(there) + " of " + std::to_string(words.shape()) +
                             " are there");
}

object_state pool_state(const object_words& words) {
    const std::uint64_t count = std::min(words.shape(), words.bytes() / sizeof(std::uint32_t));
    std::uint64_t unowned = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        if (words.u32(memory::line_bytes + i * sizeof(std::uint32_t)) == 0) ++unowned;
    }
    return counted(words.u32(0),
                   std::to_string(unowned) + " of " + text_of(words.shape(), "permit", "permits"));
}

object_state shared_state(const object_words& words) {
    object_state found = owned(words.u32(0));
    const std::uint32_t version = words.u32(4);
    found.waited_for = found.waited_for || (version & somebody_waits) != 0;
    found.text = text_of(version >> 1, "change", "changes");
    return found;
}

}  // namespace

object_state state_of(object_kind kind, const object_words& words, std::uint32_t seats) {
    switch (kind) {
        case object_kind::mutex: return mutex_state(words);
        case object_kind::shared_mutex: return shared_mutex_state(words, seats);
        case object_kind::condition_variable: return counted(words.u32(0), {});
        case object_kind::semaphore: return semaphore_state(words);
        case object_kind::event: return event_state(words);
        case object_kind::once_flag: return once_state(words, "done");
        case object_kind::structure: return once_state(words, "built");
        case object_kind::barrier:
        case object_kind::latch: return meeting_state(words);
        case object_kind::permit_pool: return pool_state(words);
        case object_kind::shared: return shared_state(words);
        case object_kind::queue:  // told by its own tools
        case object_kind::none: break;
    }
    return {};
}

}  // namespace signet::observe
