// SPDX-License-Identifier: Apache-2.0
// Shared memory of System V (shmget): found by a number, the key, and fixed in size for good, so
// that no peer can cut it under a reader. The bytes are shared: what others may write is to be
// loaded once and checked.
//
// A segment lives until it is marked for removal and nobody is attached any more. Its creator marks
// it when this object goes, not in a forked child; `mark_for_removal` does so earlier, as soon as
// all have attached, and then a death leaves nothing. A creator killed before that leaves the
// segment, with nobody attached (`facts`), until somebody calls `remove`. The kernel detaches who
// dies. Two programs that choose one key by accident meet: check what you find.
//
// Per ipc namespace, no descriptor, no seals. One object belongs to one thread at a time. Throws
// `error`.
#pragma once

#include <signet/os/fork_guard.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace signet::os {

/// The number by which programs find a segment; 0 is none.
enum class shm_key : std::int32_t {};

/// The number by which the kernel knows it.
enum class shm_id : int {};

enum class shm_access { read_only, read_write };

/// What the kernel says about a segment, now.
struct sysv_shm_facts {
    std::uint64_t bytes = 0;
    std::uint64_t attached = 0;  ///< how often it is attached, in all processes
    int creator_pid = 0;         ///< as seen from here; 0: not visible, or long gone
    unsigned owner_uid = 0;
    unsigned mode = 0;     ///< the permission bits, such as 0600
    bool removed = false;  ///< marked: gone when `attached` becomes 0
};

class sysv_shm {
public:
    static constexpr unsigned private_mode = 0600;

    /// Creates a segment of `bytes` zeros, with memory behind them, and attaches it. Throws where
    /// the key is taken, and at the limits, which the text names. A key of 0, and no bytes, are
    /// a contract_violation.
    static sysv_shm create(shm_key key, std::size_t bytes, unsigned mode = private_mode);

    /// The same without a key: others attach it by its id, or inherit it by fork.
    static sysv_shm create_unnamed(std::size_t bytes, unsigned mode = private_mode);

    /// Attaches what somebody created. Throws where there is none, or it may not be used.
    static sysv_shm open(shm_key key, shm_access access = shm_access::read_write);
    static sysv_shm open(shm_id id, shm_access access = shm_access::read_write);

    /// The same; no value where there is none.
    static std::optional<sysv_shm> try_open(shm_key key,
                                            shm_access access = shm_access::read_write);

    /// Marks what has this key, whoever made it. False where there is none.
    static bool remove(shm_key key);

    sysv_shm(sysv_shm&& other) noexcept;
    sysv_shm& operator=(sysv_shm&& other) noexcept;

    /// Detaches it, and marks it for removal where this object created it.
    ~sysv_shm();

    /// From now on nobody finds it by its key; the kernel frees it with its last user. Who is
    /// attached stays so, and who knows the id may still attach.
    void mark_for_removal();

    /// Leaves the segment to others, who may go on without us, and who must remove it.
    void keep() noexcept { removes_ = false; }

    sysv_shm_facts facts() const;

    /// Valid until this object is destroyed.
    std::byte* data() const noexcept { return data_; }
    std::size_t size() const noexcept { return bytes_; }
    std::span<std::byte> bytes() const noexcept { return {data_, bytes_}; }

    shm_id id() const noexcept { return shm_id{id_}; }

private:
    sysv_shm(int id, bool created) noexcept : id_{id}, removes_{created} {}

    static sysv_shm create_by(std::int32_t key, std::size_t bytes, unsigned mode);
    void attach(shm_access access);
    void populate() const;

    int id_;
    bool removes_;
    std::byte* data_ = nullptr;
    std::size_t bytes_ = 0;
    made_in_process here_;
};

/// The limits of this ipc namespace; no value where one cannot be read.
struct sysv_shm_limits {
    std::optional<std::uint64_t> segment_bytes_max{};  ///< /proc/sys/kernel/shmmax
    std::optional<std::uint64_t> pages_max{};          ///< shmall: of all segments together
    std::optional<std::uint64_t> segments_max{};       ///< shmmni
};

sysv_shm_limits current_sysv_shm_limits();

}  // namespace signet::os
