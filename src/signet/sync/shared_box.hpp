// SPDX-License-Identifier: Apache-2.0
// One object of plain data in a region, untyped: a lock, a version, and its bytes. Two ways to
// change it:
//
//   * on a copy (objects of up to `copied_bytes_max`): there are two places; the new value is
//   written
//     to the one that is not current, and made current by one store. Whoever dies on the way leaves
//     the old value. Readers take no lock: they copy the current value, and look whether it still
//     was that.
//   * in place: who dies on the way leaves it half changed, and the next one is told
//   (owned_word.hpp).
//
// Thread safety: any thread of any process. Invariants:
//   1. Only the owner of the lock writes values and the version.
//   2. The version's count says which place is current, and that place is not written while it is.
#pragma once

#include <signet/sync/owned_word.hpp>
#include <signet/sync/region.hpp>
#include <signet/sync/sleeper.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signet::sync {

/// What an object is to be.
struct box_spec {
    std::string_view name;
    std::span<const std::byte> type;   ///< its type descriptor, encoded
    std::span<const std::byte> value;  ///< how a new one begins
};

class shared_box {
public:
    static constexpr std::size_t copied_bytes_max = 64 * 1024;

    /// Finds the object in the region, or makes it. Whether it is of the type that is wanted is for
    /// the caller to see: `type`.
    shared_box(const region& in, const box_spec& wanted);

    /// The encoded type descriptor of who made it.
    std::vector<std::byte> type() const;

    /// For who found that the type is the one that is wanted. Throws `error` (damaged): the sizes
    /// are not.
    void require_wanted_size() const;

    bool in_place() const noexcept { return bytes_ > copied_bytes_max; }

    /// Takes the lock. `none`: the patience ended. A second time by one thread: a
    /// contract_violation.
    ownership lock(const patience& limit);
    void unlock(left_as how) noexcept;

    /// Copies the current value out, for who has the lock.
    void copy_current(void* to) const noexcept;

    /// Makes what lies at `from` the current value, and wakes those who wait for a change. For who
    /// has the lock, and changes a copy.
    void commit(const void* from) noexcept;

    /// The bytes themselves, for who has the lock and changes them in place; then `note_change`.
    void* bytes() const noexcept { return places_; }
    void note_change() noexcept;

    /// Copies the current value out without the lock; the version it had. For what is changed on a
    /// copy. Waits for no writer, however many there are.
    std::uint32_t read(void* to) const;

    std::uint32_t version() const;

    /// Waits until the version is another one. False: the patience ended.
    bool wait_for_change(std::uint32_t seen, sleeper& waiting);

    const region_core& in() const noexcept { return *in_; }
    const std::string& name() const noexcept { return name_; }

    /// W2 and W3 for the object at `where`.
    static void take_back(std::byte* where, memory::stamp dead) noexcept;

private:
    ///     +0   lock u32 | version u32       count of changes << 1 | somebody waits
    ///     +8   type_bytes u64 | value_bytes u64
    ///     +64  the type descriptor, then one place for the value, or two
    struct words {
        lock_word lock;
        memory::shared_word<std::uint32_t> version;
        memory::shared_word<std::uint64_t> type_bytes;
        memory::shared_word<std::uint64_t> value_bytes;
        std::byte reserved[40];
    };
    static_assert(sizeof(words) == memory::line_bytes);

    memory::shared_word<std::uint64_t>* place(std::uint32_t version) const noexcept;
    std::uint64_t place_bytes() const noexcept;
    void find_places(std::uint64_t object_bytes);
    std::uint32_t current() const noexcept;
    [[noreturn]] void complain_of_sizes() const;

    std::shared_ptr<region_core> in_;
    std::string name_;
    std::uint64_t bytes_;
    std::uint64_t type_bytes_ = 0;
    words* words_ = nullptr;
    std::byte* places_ = nullptr;
    std::atomic<const void*> holder_{nullptr};  ///< stands for the thread of this process
};

}  // namespace signet::sync
