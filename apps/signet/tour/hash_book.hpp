// SPDX-License-Identifier: Apache-2.0
// What the hasher found, file by file. One thread.
#pragma once

#include <tour/messages.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace tour {

/// A file as it was when it was hashed.
struct hashed_file {
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;
    std::string digest;
};

class hash_book {
public:
    void note(const file_hash& result);

    /// Each file once, with its latest digest.
    const std::map<std::string, hashed_file>& files() const noexcept { return files_; }

    /// Hashes that came, each round counted.
    std::uint64_t hashes() const noexcept { return hashes_; }
    std::uint64_t bytes() const noexcept { return bytes_; }

    /// Files with two digests for the same size and time of change.
    std::uint64_t contradictions() const noexcept { return contradictions_; }

    /// The place of the latest file in the list, for an archiver that goes on from there.
    std::uint64_t latest() const noexcept { return latest_; }

private:
    std::map<std::string, hashed_file> files_;
    std::uint64_t hashes_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t contradictions_ = 0;
    std::uint64_t latest_ = 0;
};

}  // namespace tour
