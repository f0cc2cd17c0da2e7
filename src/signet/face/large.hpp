// SPDX-License-Identifier: Apache-2.0
// Many items in memory of their own, as arguments and results: over shm:// and unix:// they travel
// without a copy, over other carriers as bytes. `large_draft` is filled in place and then sealed;
// `large` is what it is from then on, for everybody: nobody can change it any more.
//
//     signet::large_draft<float> pixels{1920 * 1080};
//     for (float& one : pixels.items()) one = 0.5f;
//     desk.call<float>("mean", std::move(pixels).seal());
//
// It travels as an open file, so both ends say how many they take (descriptors_max); to who takes
// none it goes as bytes, within message_bytes_max. What a peer sent is checked: by the kernel's
// word it is all there, and cannot be cut or changed. Both ends mean the same type: only that
// there is a whole number of items is looked at. Each holds one descriptor.
//
// Thread safety: a draft belongs to one thread at a time; `large` is for any thread, and copies of
// it are the same memory. Throws `error`: no memory, no descriptors left.
#pragma once

#include <signet/transport/shm/sealed_memory.hpp>
#include <signet/wire/plain.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace signet {

namespace face {

/// Null: no items.
using large_memory = std::shared_ptr<const transport::shm::sealed_memory>;

/// From a file that came; from bytes, which are copied. Why it cannot be, or null: `into` is it.
const char* take_large(os::descriptor file, std::size_t item_bytes, large_memory& into);
const char* copy_large(std::span<const std::byte> bytes, std::size_t item_bytes,
                       large_memory& into);

/// Throws `error` (too_large): nothing has so many bytes.
std::size_t large_bytes(std::size_t count, std::size_t item_bytes);

struct large_access;

}  // namespace face

template <class T>
class large_draft;

/// Items that nobody can change any more.
template <class T>
class large {
    static_assert(wire::require_plain<T>());

public:
    /// No items.
    large() = default;

    /// A copy of these.
    explicit large(std::span<const T> items) {
        if (items.empty()) return;
        large_draft<T> draft{items.size()};
        std::copy(items.begin(), items.end(), draft.items().begin());
        *this = std::move(draft).seal();
    }

    /// Valid as long as this, or a copy of it.
    std::span<const T> items() const noexcept {
        if (!memory_) return {};
        const std::span<const std::byte> bytes = memory_->bytes();
        return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
    }
    auto begin() const noexcept { return items().begin(); }
    auto end() const noexcept { return items().end(); }
    std::size_t size() const noexcept { return items().size(); }
    bool empty() const noexcept { return !memory_; }

private:
    friend face::large_access;
    friend large_draft<T>;

    explicit large(face::large_memory memory) noexcept : memory_{std::move(memory)} {}

    face::large_memory memory_;
};

/// Items that are being written, in place.
template <class T>
class large_draft {
    static_assert(wire::require_plain<T>());

public:
    /// All bytes of all items are zero. A count of 0 is a contract_violation.
    explicit large_draft(std::size_t count) : memory_{face::large_bytes(count, sizeof(T))} {}

    /// Valid until it is sealed. Throws `error` (forked) in a child of the process that made it.
    std::span<T> items() {
        const std::span<std::byte> bytes = memory_.bytes();
        return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
    }

    /// Gives up writing it, for good: `std::move(draft).seal()`.
    large<T> seal() && {
        return large<T>{
            std::make_shared<const transport::shm::sealed_memory>(std::move(memory_).seal())};
    }

private:
    transport::shm::memory_draft memory_;
};

namespace face {

template <class T>
inline constexpr bool is_large = false;
template <class T>
inline constexpr bool is_large<large<T>> = true;

template <class T>
struct item_of_large;
template <class T>
struct item_of_large<large<T>> {
    using type = T;
};

struct large_access {
    template <class T>
    static const large_memory& memory_of(const large<T>& one) noexcept {
        return one.memory_;
    }
    template <class T>
    static T made(large_memory memory) {
        return T{std::move(memory)};
    }
};

}  // namespace face
}  // namespace signet
