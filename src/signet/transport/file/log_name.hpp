// SPDX-License-Identifier: Apache-2.0
// The address of a log, taken apart, what its records begin with, and the lock by which a writer is
// seen: on a byte of the file far behind all records, let go by the kernel when the writer ends.
// One thread.
#pragma once

#include <signet/os/file.hpp>
#include <signet/os/file_lock.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace signet::transport::log_file {

/// The first byte of a record.
enum class record_kind : std::uint8_t {
    message = 0,  ///< then the message
    hello = 1,    ///< the first of each writer: pid u64, pid namespace u64, then its greeting
    end = 2,      ///< the last of a writer that closed; nothing
};

/// What is held shared by nobody and exclusively by a writer.
inline constexpr os::byte_range writer_range{.position = std::uint64_t{1} << 62, .bytes = 1};

class log_name {
public:
    /// `where` is "/path" or "/path?from=end". Throws `error` (bad_name).
    explicit log_name(const std::string& where);

    const std::string& text() const noexcept { return text_; }  ///< "file:///path"
    const std::string& path() const noexcept { return path_; }
    bool from_end() const noexcept { return from_end_; }

private:
    std::string path_;
    std::string text_;
    bool from_end_ = false;
};

/// Being the writer.
class writer_lock {
public:
    /// Creates the file where there is none. Throws `error`: another writer lives, no rights.
    explicit writer_lock(const log_name& of);

    writer_lock(const writer_lock&) = delete;
    writer_lock& operator=(const writer_lock&) = delete;

private:
    os::file file_;
    std::optional<os::range_lock> lock_;
};

}  // namespace signet::transport::log_file
