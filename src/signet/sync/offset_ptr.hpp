// SPDX-License-Identifier: Apache-2.0
// A pointer that holds how far away its target is, so that it means the same object in every
// process that maps both, wherever it maps them. Otherwise as a plain pointer: it owns nothing, and
// points to garbage when its target is gone. For containers, as the `pointer` of an allocator.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <type_traits>

namespace signet::sync {

template <class T>
class offset_ptr {
public:
    using element_type = T;
    using value_type = std::remove_cv_t<T>;
    using difference_type = std::ptrdiff_t;
    using pointer = offset_ptr;
    using reference = std::add_lvalue_reference_t<T>;
    using iterator_category = std::random_access_iterator_tag;
    template <class U>
    using rebind = offset_ptr<U>;

    offset_ptr() noexcept = default;
    offset_ptr(T* target) noexcept { set(target); }  // and `nullptr`, and the 0 that Boost writes
    offset_ptr(const offset_ptr& other) noexcept { set(other.get()); }
    template <class U>
        requires std::is_convertible_v<U*, T*>
    offset_ptr(const offset_ptr<U>& other) noexcept {
        set(other.get());
    }
    template <class U>
        requires(!std::is_convertible_v<U*, T*> && requires(U* from) { static_cast<T*>(from); })
    explicit offset_ptr(const offset_ptr<U>& other) noexcept {
        set(static_cast<T*>(other.get()));
    }

    offset_ptr& operator=(const offset_ptr& other) noexcept {
        set(other.get());
        return *this;
    }
    ~offset_ptr() = default;

    /// What std::pointer_traits asks for.
    template <class U = T>
        requires(!std::is_void_v<U>)
    static offset_ptr pointer_to(U& target) noexcept {
        return offset_ptr{std::addressof(target)};
    }

    T* get() const noexcept {
        if (distance_ == nowhere) return nullptr;
        return reinterpret_cast<T*>(reinterpret_cast<std::uintptr_t>(this) +
                                    static_cast<std::uintptr_t>(distance_));
    }
    T* operator->() const noexcept { return get(); }
    reference operator*() const noexcept
        requires(!std::is_void_v<T>)
    {
        return *get();
    }
    reference operator[](difference_type at) const noexcept
        requires(!std::is_void_v<T>)
    {
        return get()[at];
    }
    explicit operator bool() const noexcept { return distance_ != nowhere; }

    offset_ptr& operator+=(difference_type by) noexcept {
        set(get() + by);
        return *this;
    }
    offset_ptr& operator-=(difference_type by) noexcept { return *this += -by; }
    offset_ptr& operator++() noexcept { return *this += 1; }
    offset_ptr& operator--() noexcept { return *this += -1; }
    offset_ptr operator++(int) noexcept {
        offset_ptr before{*this};
        ++*this;
        return before;
    }
    offset_ptr operator--(int) noexcept {
        offset_ptr before{*this};
        --*this;
        return before;
    }

    friend offset_ptr operator+(const offset_ptr& from, difference_type by) noexcept {
        return offset_ptr{from.get() + by};
    }
    friend offset_ptr operator+(difference_type by, const offset_ptr& from) noexcept {
        return from + by;
    }
    friend offset_ptr operator-(const offset_ptr& from, difference_type by) noexcept {
        return from + -by;
    }
    friend difference_type operator-(const offset_ptr& a, const offset_ptr& b) noexcept {
        return a.get() - b.get();
    }
    friend bool operator==(const offset_ptr& a, const offset_ptr& b) noexcept {
        return a.get() == b.get();
    }
    friend auto operator<=>(const offset_ptr& a, const offset_ptr& b) noexcept {
        return a.get() <=> b.get();
    }

private:
    /// No object lies one byte behind a pointer to it.
    static constexpr std::ptrdiff_t nowhere = 1;

    void set(T* target) noexcept {
        distance_ = target == nullptr
                        ? nowhere
                        : static_cast<std::ptrdiff_t>(reinterpret_cast<std::uintptr_t>(target) -
                                                      reinterpret_cast<std::uintptr_t>(this));
    }

    std::ptrdiff_t distance_ = nowhere;
};

}  // namespace signet::sync
