// SPDX-License-Identifier: Apache-2.0
// The opinion of a program that knows nothing of Signet: sha256sum hashes the same files. Starts
// processes and waits for them; throws `error` where there is no such program.
#pragma once

#include <tour/hash_book.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace tour {

struct opinion {
    std::uint64_t equal = 0;
    std::uint64_t different = 0;
    std::uint64_t changed = 0;      ///< since they were hashed, or not readable any more
    std::uint64_t passed_over = 0;  ///< for the size of it all
    std::string example;            ///< one that is different
};

/// Asks about the files of `book` below `directory`, as many as together have `bytes_max` bytes.
/// `progress` is called now and then with the number of files asked about; false ends the asking.
opinion ask_sha256sum(const std::string& directory, const hash_book& book, std::uint64_t bytes_max,
                      const std::function<bool(std::uint64_t)>& progress);

/// What `sha256sum --zero` printed, by name.
std::map<std::string, std::string> parse_sha256sum(std::string_view output);

}  // namespace tour
