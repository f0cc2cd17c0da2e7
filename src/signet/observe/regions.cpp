// SPDX-License-Identifier: Apache-2.0
#include <signet/observe/regions.hpp>

#include <signet/base/error.hpp>
#include <signet/memory/heap.hpp>
#include <signet/observe/file_bytes.hpp>
#include <signet/observe/region_states.hpp>
#include <signet/os/directory.hpp>
#include <signet/os/file_lock.hpp>
#include <signet/sync/recovery.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace signet::observe {
namespace {

using memory::object_entry;
using memory::object_kind;
using memory::region_geometry;
using memory::region_header;
using memory::seat_entry;
using memory::stamp;

/// What others wrote, as it may be shown on a terminal.
std::string shown(const char* text, std::size_t bytes) {
    std::string copy(text, std::find(text, text + bytes, '\0'));
    std::replace_if(
        copy.begin(), copy.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
    return copy;
}

/// One region.
class look {
public:
    look(const os::file& content, std::string name) : file_{&content}, bytes_{content} {
        view_.name = std::move(name);
    }

    region_view run() {
        view_.bytes = file_->size();
        view_.problem = flaw();
        if (!view_.problem.empty()) return std::move(view_);
        view_.seats = shape_.seats;
        for (std::uint32_t seat = 0; seat < shape_.seats; ++seat) add_user(seat);
        for (std::uint32_t entry = 0; entry < shape_.objects; ++entry) add_object(entry);
        account();
        return std::move(view_);
    }

private:
    std::string flaw() {
        alignas(memory::line_bytes) std::array<std::byte, memory::page_bytes> page;
        bytes_.copy(0, page.data(), page.size());
        return memory::flaw_of(page.data(), view_.bytes, shape_);
    }

    // ---- seats ----------------------------------------------------------------------------------

    region_user user_of(std::uint32_t seat, std::uint32_t word) {
        const std::uint64_t at = shape_.seats_offset() + seat * sizeof(seat_entry);
        std::array<char, 16> command;
        bytes_.copy(at + offsetof(seat_entry, command), command.data(), command.size());
        return {.seat = {seat, memory::seat_generation(word)},
                .pid = static_cast<int>(bytes_.get<std::uint32_t>(at + offsetof(seat_entry, pid))),
                .uid = bytes_.get<std::uint32_t>(at + offsetof(seat_entry, uid)),
                .command = shown(command.data(), command.size()),
                .since_ns = bytes_.get<std::uint64_t>(at + offsetof(seat_entry, since)),
                .alive = memory::is_active(word) && has_its_byte(seat)};
    }

    /// The kernel keeps the lock on a seat's byte as long as its owner lives.
    bool has_its_byte(std::uint32_t seat) const {
        return !os::is_lockable(*file_, os::lock_kind::shared, {seat, 1});
    }

    void add_user(std::uint32_t seat) {
        const std::uint64_t at = shape_.seats_offset() + seat * sizeof(seat_entry);
        const auto word = bytes_.get<std::uint32_t>(at);
        if ((word & 3) != static_cast<std::uint32_t>(memory::seat_state::free)) {
            view_.users.push_back(user_of(seat, word));
        }
    }

    /// Whose stamp that is. Somebody who is not there any more is dead.
    std::optional<region_user> owner(std::uint32_t word) const {
        const stamp wanted = stamp::of(word);
        if (wanted.nobody()) return std::nullopt;
        for (const region_user& one : view_.users) {
            if (one.seat == wanted) return one;
        }
        return region_user{.seat = wanted};
    }

    // ---- objects --------------------------------------------------------------------------------

    void add_object(std::uint32_t number) {
        const std::uint64_t at = shape_.objects_offset() + number * sizeof(object_entry);
        const auto first = bytes_.get<std::uint64_t>(at);
        if (first == 0) return;
        memory::entry_words words;
        bytes_.copy(at + memory::word_bytes, words.data(), sizeof words);
        if (!is_sound(first, words)) return complain_of_entry(number);
        const auto kind = static_cast<object_kind>(first & 0xffffffff);
        region_object one{.kind = kind,
                          .name = shown(reinterpret_cast<const char*>(words.data() + 4), words[3]),
                          .bytes = words[1]};
        const object_words read{bytes_, words[0], words[1], words[2]};
        const object_state state = state_of(kind, read, shape_.seats);
        one.owner = owner(state.owner_word);
        one.inherited = (state.owner_word & memory::inherited_bit) != 0;
        one.waited_for = state.waited_for;
        one.state = state.text;
        view_.objects.push_back(std::move(one));
    }

    bool is_sound(std::uint64_t first, const memory::entry_words& words) const {
        const auto kind = static_cast<object_kind>(first & 0xffffffff);
        const auto [offset, bytes, shape, length] =
            std::array{words[0], words[1], words[2], words[3]};
        return first == memory::kind_and_check(kind, words) && offset >= shape_.heap_offset() &&
               offset % memory::line_bytes == 0 && offset < shape_.bytes &&
               bytes <= shape_.bytes - offset && bytes >= sync::least_bytes(kind) &&
               length <= memory::object_name_bytes_max;
    }

    void complain_of_entry(std::uint32_t number) {
        if (!view_.problem.empty()) return;
        view_.problem = "entry " + std::to_string(number) + " of its directory is damaged";
    }

    // ---- the heap -------------------------------------------------------------------------------

    /// Where a walk over the blocks ended, and what it found.
    struct walk {
        std::uint64_t used = 0;
        std::uint64_t free = 0;
        std::uint64_t flaw_at = 0;  ///< 0: none
        std::uint64_t flaw_word = 0;
    };

    /// The heap changes while it is walked. What looks wrong is damaged only where it stays that
    /// way, and nobody is at work.
    void account() {
        constexpr int looks_max = 20;
        constexpr int same_flaws_max = 5;
        walk last;
        int same = 0;
        for (int i = 0; i < looks_max && same < same_flaws_max; ++i) {
            bytes_.forget();
            if (somebody_allocates()) continue;
            const walk now = walk_heap();
            if (now.flaw_at == 0) return note(now);
            same = now.flaw_at == last.flaw_at && now.flaw_word == last.flaw_word ? same + 1 : 0;
            last = now;
        }
        if (same == same_flaws_max && view_.problem.empty()) {
            view_.problem = "its heap contradicts itself";
        }
    }

    void note(const walk& found) {
        view_.used_bytes = found.used;
        view_.free_bytes = found.free;
    }

    bool somebody_allocates() {
        return bytes_.get<std::uint64_t>(offsetof(region_header, redo_count)) != 0 ||
               !stamp::of(bytes_.get<std::uint32_t>(offsetof(region_header, keeper))).nobody();
    }

    walk walk_heap() {
        constexpr std::uint64_t used = 1;
        constexpr std::uint64_t size_mask = (std::uint64_t{1} << 40) - 2;
        constexpr std::uint64_t header_bytes = 16;
        const std::uint64_t end = shape_.bytes - header_bytes;
        walk found;
        std::uint64_t block = shape_.heap_offset() + memory::heap::lists_bytes;
        while (block < end) {
            const auto word = bytes_.get<std::uint64_t>(block);
            const std::uint64_t size = word & size_mask;
            const bool fits = size >= 2 * header_bytes && size % header_bytes == 0 &&
                              size <= end - block &&
                              bytes_.get<std::uint64_t>(block + size + 8) == size;
            if (!fits) return {.flaw_at = block, .flaw_word = word};
            ((word & used) != 0 ? found.used : found.free) += size - header_bytes;
            block += size;
        }
        return found;
    }

    const os::file* file_;
    file_bytes bytes_;
    region_geometry shape_;
    region_view view_;
};

region_view unreadable(std::string name, const std::string& problem) {
    region_view view;
    view.name = std::move(name);
    view.problem = problem;
    return view;
}

/// No value where it was removed meanwhile.
std::optional<region_view> view_at(const os::directory& folder, const std::string& file) {
    std::string name = file;
    std::replace(name.begin(), name.end(), ':', '/');
    try {
        const auto content = os::file::try_open({folder, file}, os::file_access::read_only);
        if (!content) return std::nullopt;
        return view_of(*content, name);
    } catch (const error& e) {
        return unreadable(name, e.what());
    }
}

}  // namespace

region_view view_of(const os::file& content, std::string name) {
    return look{content, std::move(name)}.run();
}

std::vector<region_view> regions_in(const std::string& directory) try {
    std::vector<region_view> all;
    const auto folder = os::directory::open(directory).open_below("regions");
    if (!folder) return all;
    for (const std::string& file : folder->list()) {
        if (auto one = view_at(*folder, file)) all.push_back(std::move(*one));
    }
    std::sort(all.begin(), all.end(),
              [](const region_view& a, const region_view& b) { return a.name < b.name; });
    return all;
} catch (const error& e) {
    if (e.code() == std::errc::no_such_file_or_directory) return {};
    throw;
}

const char* kind_name(object_kind kind) noexcept {
    constexpr std::array names{
        "nothing", "mutex", "condition_variable", "semaphore", "shared_mutex", "once_flag", "event",
        "barrier", "latch", "permit_pool",        "shared",    "structure"};
    const auto number = static_cast<std::size_t>(kind);
    return number < names.size() ? names[number] : "unknown";
}

}  // namespace signet::observe
