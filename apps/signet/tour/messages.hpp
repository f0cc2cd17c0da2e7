// SPDX-License-Identifier: Apache-2.0
// What the processes of a tour tell each other: four plain structs, each on a topic of its own.
// Each message carries a check over its other bytes, so that a receiver knows a torn one. Plain
// values; any thread.
#pragma once

#include <signet/base/time.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace tour {

/// The parts that processes play. The order is the one on the screen.
enum class role_id : std::uint32_t { sampler, viewer_block, viewer_drop, archiver, hasher };

inline constexpr std::size_t role_count = 5;
inline constexpr std::array<std::string_view, role_count> role_names = {
    "sampler", "viewer-a", "viewer-b", "archiver", "hasher"};

inline constexpr std::string_view name_of(role_id role) {
    return role_names[static_cast<std::size_t>(role)];
}

/// What one millisecond of the sampler found: the machine, and one of its processes.
struct telemetry {
    std::uint64_t number;  ///< as the sampler counts, from 0
    std::int64_t sent_ns;
    std::uint64_t load_milli;
    std::uint64_t memory_total_kib;
    std::uint64_t memory_available_kib;
    std::uint64_t memory_shared_kib;
    std::uint64_t cpu_permille;  ///< of the process, of one core
    std::uint64_t read_bytes_per_s;
    std::uint64_t written_bytes_per_s;
    std::int32_t pid;
    std::uint32_t processes;
    std::array<char, 16> command;
    std::uint64_t check;
};

inline constexpr std::size_t chunk_data_bytes = 64 * 1024;
inline constexpr std::size_t name_bytes = 240;

/// A piece of a file.
struct chunk {
    std::uint64_t number;
    std::int64_t sent_ns;
    std::uint64_t file;    ///< its place in the list of files
    std::uint64_t offset;  ///< of this piece
    std::uint64_t size;    ///< of the file when it was opened
    std::int64_t modified_ns;
    std::uint32_t used;
    std::uint32_t last;  ///< 1: the file ends here
    std::array<char, name_bytes> name;
    std::uint64_t check;  ///< of all above and of the used data
    std::array<std::byte, chunk_data_bytes> data;
};

/// What a file seen from its first to its last byte hashes to.
struct file_hash {
    std::uint64_t number;
    std::int64_t sent_ns;
    std::uint64_t file;
    std::uint64_t size;
    std::int64_t modified_ns;
    std::array<char, name_bytes> name;
    std::array<char, 64> digest;  ///< hexadecimal
    std::uint64_t check;
};

/// A peer that a role saw go, and how much of what it had sent was received.
struct seen_end {
    std::int32_t pid;
    std::uint8_t died;     ///< else it left in good order
    std::uint8_t settled;  ///< nothing of it is left to receive
    std::uint16_t unused;
    std::int64_t noticed_ns;
    std::uint64_t through;  ///< one more than the last number received from it; 0: none
};

inline constexpr std::size_t ends_max = 8;

/// What a role says about itself ten times a second.
struct role_stats {
    std::uint64_t number;
    std::int64_t sent_ns;
    std::int32_t pid;
    std::uint32_t role;
    std::uint64_t messages;
    std::uint64_t bytes;
    std::uint64_t dropped;   ///< lost where the subscriber chose to lose
    std::uint64_t missing;   ///< lost where nothing may be lost
    std::uint64_t repeated;  ///< came twice, or out of order
    std::uint64_t torn;
    std::uint64_t files;    ///< hashed, or sent
    std::uint64_t skipped;  ///< files that changed meanwhile or could not be read
    std::int64_t p50_ns;
    std::int64_t p99_ns;
    std::int64_t p999_ns;
    std::array<seen_end, ends_max> ends;  ///< the latest ones; pid 0: none
    std::uint64_t check;
};

// ---- checks -------------------------------------------------------------------------------------

/// A sum that notices words that changed, or changed places. Eight bytes a cycle.
class running_check {
public:
    void add(std::span<const std::byte> bytes) {
        for (; bytes.size() >= 8; bytes = bytes.subspan(8)) add_word(bytes.data(), 8);
        if (!bytes.empty()) add_word(bytes.data(), bytes.size());
    }
    std::uint64_t value() const { return mix(second_ + mix(first_)); }

private:
    // A change moves both sums by multiples of each other; mixed, they cannot cancel out.
    static std::uint64_t mix(std::uint64_t sum) {
        sum = (sum ^ (sum >> 32)) * 0x9E37'79B9'7F4A'7C15;
        return sum ^ (sum >> 29);
    }

    void add_word(const std::byte* from, std::size_t bytes) {
        std::uint64_t word = 0;
        std::memcpy(&word, from, bytes);
        first_ += word;
        second_ += first_;
    }

    std::uint64_t first_ = 1;  // so that zeros do not check as zero
    std::uint64_t second_ = 0;
};

template <class T>
std::uint64_t check_of(const T& message) {
    static_assert(std::has_unique_object_representations_v<T>, "padding would be checked too");
    running_check sum;
    const auto all = std::as_bytes(std::span{&message, 1});
    sum.add(all.first(offsetof(T, check)));
    if constexpr (std::is_same_v<T, chunk>) {
        const std::span data{message.data};
        sum.add(data.first(std::min<std::size_t>(message.used, data.size())));
    }
    return sum.value();
}

/// The last step before a message is sent.
template <class T>
void seal(T& message) {
    message.check = check_of(message);
}

template <class T>
bool whole(const T& message) {
    return message.check == check_of(message);
}

// ---- words --------------------------------------------------------------------------------------

/// Text in a field of fixed size, cut where it is too long, the rest zero.
template <std::size_t Size>
void put_text(std::array<char, Size>& field, std::string_view text) {
    const std::size_t size = std::min(Size, text.size());
    std::copy_n(text.data(), size, field.data());
    std::fill(field.begin() + static_cast<std::ptrdiff_t>(size), field.end(), '\0');
}

template <std::size_t Size>
std::string get_text(const std::array<char, Size>& field) {
    return {field.begin(), std::find(field.begin(), field.end(), '\0')};
}

/// An instant as it travels: CLOCK_MONOTONIC, the same in every process here.
inline std::int64_t to_ns(signet::clock::time_point when) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count();
}

inline std::int64_t now_ns() {
    return to_ns(signet::clock::now());
}

/// The four topics of one tour. Its id keeps tours in the same directory apart.
inline std::string topic_of(const std::string& tour, std::string_view what) {
    return "tour-" + tour + '/' + std::string{what};
}

}  // namespace tour
