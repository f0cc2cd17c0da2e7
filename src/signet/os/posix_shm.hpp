// SPDX-License-Identifier: Apache-2.0
// Shared memory with a name (shm_open), which any program of this machine may open: a file in
// /dev/shm. The bytes are shared: what others may write is to be loaded once and checked.
//
// The memory is reserved before it gets its name, and the name is given at one instant: a full
// /dev/shm is an `error` and never a SIGBUS, and nobody opens it before it has its size. What
// cannot be helped: who may write it may also cut it, which ends those who then touch what is gone
// (SIGBUS; these files cannot be sealed). Beside programs that are not trusted use a memfd.
//
// Its creator removes the name when this object goes, not in a forked child. A creator that is
// killed leaves name and memory, until somebody calls `remove` or the machine ends; one killed
// within `create` leaves nothing. A killed opener leaves nothing. One object belongs to one thread
// at a time. Throws `error`.
#pragma once

#include <signet/os/file.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/os/mapping.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace signet::os {

class posix_shm {
public:
    /// Creates `bytes` zeros with memory behind them. A name is "/" and 1 to 254 bytes that are
    /// no other "/"; "/." and "/.." are none. Throws where the name is bad or taken, and
    /// where there is not enough memory. No bytes at all are a contract_violation.
    static posix_shm create(const std::string& name, std::size_t bytes,
                            unsigned mode = file::private_mode);

    /// Opens what somebody created, and maps as much as it has. Throws where there is none, or its
    /// creator, not one of ours, has not given it a size yet. What is open to be written gets
    /// memory behind all of it.
    static posix_shm open(const std::string& name, file_access access = file_access::read_write);

    /// The same; no value where there is none.
    static std::optional<posix_shm> try_open(const std::string& name,
                                             file_access access = file_access::read_write);

    /// Removes a name, whoever made it; who has the memory open keeps it. False where there is
    /// none.
    static bool remove(const std::string& name);

    posix_shm(posix_shm&& other) noexcept;
    posix_shm& operator=(posix_shm&& other) noexcept;

    /// Unmaps it; removes the name where this object created it, unless it is another's by now.
    ~posix_shm();

    /// Leaves the name to others, who may go on without us.
    void keep_name() noexcept { removes_name_ = false; }

    /// Valid until this object is destroyed.
    std::byte* data() const noexcept { return bytes_.data(); }
    std::size_t size() const noexcept { return bytes_.size(); }
    std::span<std::byte> bytes() const noexcept { return {data(), size()}; }

    /// How much there is now. Below `size`: somebody has cut it, do not touch what is behind.
    std::uint64_t bytes_now() const { return content_.size(); }

    const std::string& name() const noexcept { return name_; }

    /// Valid as long as this object.
    int fd() const noexcept { return content_.fd(); }

private:
    posix_shm(std::string name, file content, file_access access, bool created);

    std::string name_;
    file content_;
    mapping bytes_;
    bool removes_name_;
    made_in_process here_;
};

/// What all of /dev/shm may hold, and what is left. Throws `error` where there is none.
struct shm_room {
    std::uint64_t bytes_max = 0;
    std::uint64_t bytes_free = 0;
};

shm_room current_shm_room();

}  // namespace signet::os
