// SPDX-License-Identifier: Apache-2.0
// A lock on a file, between programs that know no more of each other than its path; `flock` of the
// shell sees it too. Let go by the kernel when its holder ends. Shared and alone, with
// std::unique_lock and std::shared_lock; see os/file_lock.hpp for what the kernel does not offer: a
// wait with a deadline.
//
// Thread safety: an object belongs to one thread at a time; two objects exclude each other, in one
// process too. After fork the child's object lets nothing go.
#pragma once

#include <signet/os/file.hpp>
#include <signet/os/file_lock.hpp>

#include <optional>
#include <string>

namespace signet::sync {

class file_lock {
public:
    /// Opens the file, or creates it, empty and for its owner only. Throws `error`.
    explicit file_lock(const std::string& path) : file_{os::file::open_or_create(path)} {}

    /// Waits; a lock that this object has already is a contract_violation.
    void lock() { take(os::lock_kind::exclusive); }
    void lock_shared() { take(os::lock_kind::shared); }

    /// False where somebody else has it.
    bool try_lock() { return try_take(os::lock_kind::exclusive); }
    bool try_lock_shared() { return try_take(os::lock_kind::shared); }

    /// Where this object has no lock: a contract_violation.
    void unlock();
    void unlock_shared() { unlock(); }

private:
    void take(os::lock_kind kind);
    bool try_take(os::lock_kind kind);
    void require_unlocked() const;

    os::file file_;
    std::optional<os::file_lock> held_;
};

}  // namespace signet::sync
