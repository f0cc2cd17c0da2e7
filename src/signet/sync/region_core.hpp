// SPDX-License-Identifier: Apache-2.0
// A region as this process has it: the file, the mapping, our seat, and the directory of what lies
// in it. Any thread.
#pragma once

#include <signet/life/seat_table.hpp>
#include <signet/life/seat_watch.hpp>
#include <signet/memory/heap.hpp>
#include <signet/memory/region_layout.hpp>
#include <signet/os/file.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/os/mapping.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signet::sync {

/// What a named object is to be.
struct object_spec {
    memory::object_kind kind;
    std::string_view name;
    std::uint64_t bytes = memory::line_bytes;
    std::uint64_t shape = 0;               ///< what must be the same for all that use it
    std::span<const std::byte> initial{};  ///< how a new one begins; all that follows is zero
};

/// Short enough to be kept without allocating: the dead are put in order where memory is short too.
class object_name {
public:
    object_name() = default;
    explicit object_name(std::string_view text) noexcept
        : bytes_{static_cast<std::uint8_t>(text.copy(text_.data(), text_.size()))} {}

    std::string_view view() const noexcept { return {text_.data(), bytes_}; }

private:
    std::array<char, memory::object_name_bytes_max> text_{};
    std::uint8_t bytes_ = 0;
};

/// A named object, as found in the directory and checked.
struct found_object {
    memory::object_kind kind;
    object_name name;
    std::byte* where;
    std::uint64_t bytes;
    std::uint64_t shape;
    std::uint32_t number;  ///< of its entry; the arena of what is allocated for it is one more
};

/// A region as somebody sees it who takes no seat there, and so may look where all are taken. A
/// value for one thread.
class region_look {
public:
    /// Throws `error` where it is none, or damaged. `content` must outlive this.
    region_look(const os::file& content, const std::string& name);

    /// What is damaged is left out. Valid as long as this.
    std::vector<found_object> objects() const;

    /// Whether that owner is gone, for certain and for good.
    bool dead(memory::stamp owner) const;

private:
    const os::file* content_;
    memory::region_geometry shape_;
    os::mapping map_;
    memory::region_words words_;
};

class region_core {
public:
    /// Takes a seat in the region that `content` is. Throws as `region` says.
    region_core(os::file content, std::string name);
    ~region_core();

    region_core(const region_core&) = delete;
    region_core& operator=(const region_core&) = delete;

    /// Makes an unnamed file of `shape` a region; gives it no name.
    static void format(const os::file& content, const memory::region_geometry& shape);

    const std::string& name() const noexcept { return name_; }
    const os::file& content() const noexcept { return content_; }
    memory::stamp self() const noexcept { return seats_->self(); }
    const life::seat_table& seats() const noexcept { return *seats_; }

    /// Throws `error` (forked) in a child of the process that opened it.
    void check_process() const {
        if (!made_here_.still()) complain_of_fork();
    }
    bool here() const noexcept { return made_here_.still(); }

    /// Whether that owner is gone for good.
    bool dead(memory::stamp owner) const { return seats_->dead(owner); }

    /// The object of that name, made where there is none. Throws `error`: it is of another kind or
    /// shape, no room, no entry left, damaged.
    found_object find_or_make(const object_spec& wanted);

    /// The same for who checks itself whether it is what it expects.
    found_object find_or_make_any(const object_spec& wanted);

    template <class Words>
    Words* words_of(const object_spec& wanted) {
        return reinterpret_cast<Words*>(find_or_make(wanted).where);
    }

    /// All objects. What is damaged is left out.
    std::vector<found_object> objects() const;

    /// Runs `change` under the lock of the heap, and commits what it did. Throws what it throws,
    /// and then nothing has happened.
    void transact(const std::function<void(memory::transaction&)>& change);

    /// `bytes` bytes of the heap. Throws `error`: no room.
    std::byte* allocate(std::uint64_t bytes, std::uint64_t alignment, std::uint32_t arena);
    void release(const std::byte* block);

    /// Releases all that was allocated for an arena. Where it is interrupted by a death, the next
    /// call does the rest.
    void release_arena(std::uint32_t arena);

    /// The region of this process that is mapped at `begin`, null where there is none.
    static region_core* at(const std::byte* begin) noexcept;

    const memory::region_words& words() const noexcept { return words_; }
    const memory::heap& heap() const noexcept { return heap_; }
    const memory::region_geometry& shape() const noexcept { return shape_; }

private:
    class keeper;

    [[noreturn]] void complain_of_fork() const;
    [[noreturn]] void complain_of_room(std::uint64_t bytes) const;
    void take_back(memory::stamp dead) noexcept;
    memory::object_entry& entry(std::uint32_t index) const noexcept;
    std::optional<found_object> read(std::uint32_t number) const noexcept;
    std::optional<found_object> find(std::string_view name) const;
    void require_same_kind(const object_spec& wanted, const found_object& found) const;
    void require_sound_entries(const object_spec& wanted) const;
    found_object make(const object_spec& wanted);
    std::uint32_t unused_entry() const;

    os::file content_;
    std::string name_;
    os::made_in_process made_here_;
    memory::region_geometry shape_;
    os::mapping map_;
    memory::region_words words_;
    memory::heap heap_;
    std::optional<life::seat_table> seats_;
    std::optional<life::seat_watch> watch_;  // the last: its thread uses all above
};

}  // namespace signet::sync
