// SPDX-License-Identifier: Apache-2.0
// The only way Signet touches memory that another process can see. A word is read and written
// whole, with a spelled order; bytes travel as relaxed words, so that a reader which loses a race
// reads old or new bytes but is never undefined. Everything here may be called from any thread and
// never fails.
//
// Built with SIGNET_ACCESS_HOOK (tests only), each access first calls a hook, which may stop the
// process for good or change what other processes are supposed to own.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace signet::memory {

#ifdef SIGNET_ACCESS_HOOK
enum class access_kind { load, store, exchange, fence };
using access_hook = void (*)(access_kind, const void* word);

/// Called before each access of this thread; null means none.
inline thread_local access_hook current_access_hook = nullptr;

inline void about_to(access_kind kind, const void* word) {
    if (current_access_hook != nullptr) current_access_hook(kind, word);
}
#else
enum class access_kind { load, store, exchange, fence };
inline void about_to(access_kind, const void*) {}
#endif

/// One word in shared memory. Zero when the memory is fresh.
template <class Value>
class shared_word {
public:
    static_assert(std::atomic<Value>::is_always_lock_free, "a shared word is one machine word");

    Value load(std::memory_order order) const noexcept {
        about_to(access_kind::load, this);
        return value_.load(order);
    }

    void store(Value value, std::memory_order order) noexcept {
        about_to(access_kind::store, this);
        value_.store(value, order);
    }

    Value exchange(Value value, std::memory_order order) noexcept {
        about_to(access_kind::exchange, this);
        return value_.exchange(value, order);
    }

    Value fetch_or(Value bits, std::memory_order order) noexcept {
        about_to(access_kind::exchange, this);
        return value_.fetch_or(bits, order);
    }

    Value fetch_and(Value bits, std::memory_order order) noexcept {
        about_to(access_kind::exchange, this);
        return value_.fetch_and(bits, order);
    }

    Value fetch_add(Value amount, std::memory_order order) noexcept {
        about_to(access_kind::exchange, this);
        return value_.fetch_add(amount, order);
    }

    bool compare_exchange(Value& expected, Value desired, std::memory_order order) noexcept {
        about_to(access_kind::exchange, this);
        return value_.compare_exchange_strong(expected, desired, order, std::memory_order_relaxed);
    }

    /// For the kernel, which waits on the word itself.
    const Value* address() const noexcept { return reinterpret_cast<const Value*>(&value_); }

private:
    std::atomic<Value> value_;
};

static_assert(sizeof(shared_word<std::uint32_t>) == 4);
static_assert(sizeof(shared_word<std::uint64_t>) == 8);

inline void fence(std::memory_order order) noexcept {
    about_to(access_kind::fence, nullptr);
#if defined(__SANITIZE_THREAD__)
    // ThreadSanitizer does not model fences; a read-modify-write of one word stands in for it.
    static std::atomic<int> stand_in{0};
    stand_in.fetch_add(0, std::memory_order_seq_cst);
    static_cast<void>(order);
#else
    std::atomic_thread_fence(order);
#endif
}

/// Keeps the compiler from moving accesses across; the processor may still do so.
inline void compiler_fence() noexcept {
    std::atomic_signal_fence(std::memory_order_seq_cst);
}

/// Tells the processor that this is a spin loop.
inline void relax_cpu() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

/// Asks for the line of `where`, without reading it.
inline void prefetch(const void* where) noexcept {
    __builtin_prefetch(where);
}

/// Asks for the line of `where` in order to write it.
inline void prefetch_to_write(const void* where) noexcept {
#if defined(__x86_64__)
    asm volatile("prefetchw %0"
                 :
                 : "m"(*static_cast<const char*>(where)));  // a no-op where unknown
#else
    __builtin_prefetch(where, 1);
#endif
}

inline constexpr std::size_t word_bytes = sizeof(std::uint64_t);

// The two loops below are unrolled where `bytes` is a constant, as it is on the way of a typed
// message.

/// Copies `bytes` bytes into shared words; the rest of the last word is zeroed.
inline void copy_in(shared_word<std::uint64_t>* to, const void* from, std::size_t bytes) noexcept {
    const auto* source = static_cast<const std::byte*>(from);
    const std::size_t whole = bytes / word_bytes;
#pragma GCC unroll 32
    for (std::size_t i = 0; i < whole; ++i) {
        std::uint64_t word;
        std::memcpy(&word, source + i * word_bytes, word_bytes);
        to[i].store(word, std::memory_order_relaxed);  // published by the caller's commit
    }
    if (const std::size_t rest = bytes % word_bytes; rest != 0) {
        std::uint64_t word = 0;
        std::memcpy(&word, source + whole * word_bytes, rest);
        to[whole].store(word, std::memory_order_relaxed);  // published by the caller's commit
    }
}

/// Copies `bytes` bytes out of shared words. The caller proves afterwards that they are whole.
inline void copy_out(void* to, const shared_word<std::uint64_t>* from, std::size_t bytes) noexcept {
    auto* target = static_cast<std::byte*>(to);
    const std::size_t whole = bytes / word_bytes;
#pragma GCC unroll 32
    for (std::size_t i = 0; i < whole; ++i) {
        const std::uint64_t word =
            from[i].load(std::memory_order_relaxed);  // checked by the caller
        std::memcpy(target + i * word_bytes, &word, word_bytes);
    }
    if (const std::size_t rest = bytes % word_bytes; rest != 0) {
        const std::uint64_t word = from[whole].load(std::memory_order_relaxed);  // as above
        std::memcpy(target + whole * word_bytes, &word, rest);
    }
}

}  // namespace signet::memory
