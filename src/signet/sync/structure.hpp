// SPDX-License-Identifier: Apache-2.0
// Data structures that grow, shared by processes without copying: an object of any type in a
// region, and an allocator for what it allocates. The allocator's own state survives a death at
// every step; that of the structure is its users': they change it under a lock of the region, and
// when a holder of the lock has died in the middle, they build it anew, which also releases all
// that the old one had allocated.
//
//     using numbers = boost::container::vector<int, signet::region_allocator<int>>;
//     signet::structure<numbers> list{shop, "list"};
//     signet::mutex guard{shop, "list guard", {.repair = [&] { list.rebuild(); }}};
//     const std::scoped_lock mine{guard};
//     list->push_back(42);
//
// The type must point to its own parts through the allocator's `pointer` only, as the containers of
// Boost do and those of libstdc++ do not (all of them), and have the same layout for all.
//
// Thread safety: the allocator: any thread of any process; the structure: as its users' lock says.
#pragma once

#include <signet/sync/offset_ptr.hpp>
#include <signet/sync/once_flag.hpp>
#include <signet/sync/region.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <string_view>
#include <typeinfo>
#include <utility>

namespace signet::sync {

struct found_object;

/// What allocates for one structure. Lies in shared memory itself; copies release what the others
/// allocated.
class arena {
public:
    arena(std::byte* region_begin, std::uint32_t number) noexcept
        : begin_{region_begin}, number_{number} {}

    /// Throws `error`: no room in the region. Blocks while another process allocates there.
    void* allocate(std::size_t bytes, std::size_t alignment) const;

    /// Throws `error` (damaged) where that is no block.
    void release(void* block) const;

    friend bool operator==(const arena& a, const arena& b) noexcept { return a.begin_ == b.begin_; }

private:
    offset_ptr<std::byte> begin_;
    std::uint32_t number_;
};

/// A standard allocator of a region's memory.
template <class T>
class region_allocator {
public:
    using value_type = T;
    using pointer = offset_ptr<T>;
    using const_pointer = offset_ptr<const T>;
    using void_pointer = offset_ptr<void>;
    using const_void_pointer = offset_ptr<const void>;
    using difference_type = std::ptrdiff_t;
    using size_type = std::size_t;

    explicit region_allocator(const arena& of) noexcept : arena_{of} {}
    template <class U>
    region_allocator(const region_allocator<U>& other) noexcept : arena_{other.of()} {}

    pointer allocate(size_type count) {
        if (count > std::numeric_limits<size_type>::max() / sizeof(T)) throw std::bad_alloc{};
        return static_cast<T*>(arena_.allocate(count * sizeof(T), alignof(T)));
    }
    void deallocate(const pointer& block, size_type) { arena_.release(block.get()); }

    const arena& of() const noexcept { return arena_; }

    friend bool operator==(const region_allocator&, const region_allocator&) = default;

private:
    arena arena_;
};

/// Where a structure lies, untyped.
class structure_place {
public:
    /// Finds it in the region, or makes room for it.
    structure_place(const region& in, std::string_view name, std::size_t bytes,
                    const std::type_info& type);

    void* where() const noexcept;
    arena allocates() const noexcept;
    once_flag& built() noexcept { return built_; }

    /// Releases all that was allocated for it.
    void release_all();

private:
    structure_place(std::shared_ptr<region_core> in, const found_object& found);

    std::shared_ptr<region_core> in_;
    std::byte* object_;
    std::uint32_t arena_;  ///< of what it allocates
    once_flag built_;
};

template <class T>
class structure {
public:
    /// Finds it in the region, or makes it: by `T{region_allocator}`, or `T{}` where it takes none.
    /// Throws `error`: the name is of something else or of another type, no room.
    structure(const region& in, std::string_view name) : place_{in, name, sizeof(T), typeid(T)} {
        static_assert(alignof(T) <= 64, "a structure is aligned to a cache line at most");
        // anew: somebody may have died while building it
        place_.built().call([&] { rebuild(); });
    }

    T& operator*() const noexcept { return *get(); }
    T* operator->() const noexcept { return get(); }

    /// Makes it anew, empty, whatever state it is in: nothing of the old one is looked at, and all
    /// that was allocated for it is released. For who has the lock that guards it.
    void rebuild() {
        place_.release_all();
        build();
    }

    /// For parts of it that are made elsewhere.
    arena allocates() const noexcept { return place_.allocates(); }

private:
    T* get() const noexcept { return static_cast<T*>(place_.where()); }

    void build() {
        if constexpr (requires { typename T::allocator_type; }) {
            new (place_.where()) T(typename T::allocator_type{place_.allocates()});
        } else {
            new (place_.where()) T{};
        }
    }

    structure_place place_;
};

}  // namespace signet::sync
