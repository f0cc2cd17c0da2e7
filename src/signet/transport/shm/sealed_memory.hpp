// SPDX-License-Identifier: Apache-2.0
// Memory for much data, which goes from process to process without a copy. Who makes it fills it (a
// draft), and then seals it: from then on nobody can change, cut or punch it, its maker neither,
// and whoever gets its file maps the same pages. So what was looked at stays as it was.
//
// Thread safety: a draft belongs to one thread at a time; sealed memory is for any thread.
#pragma once

#include <signet/os/descriptor.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/os/mapping.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace signet::transport::shm {

class sealed_memory {
public:
    /// Why what a peer sent is not that, by the kernel's word: "is memory that is not sealed"; null
    /// where it is. Throws `error` where it is no descriptor.
    static const char* flaw_of(const os::descriptor& file);

    /// Maps one without a flaw, and fills what holes it has, so that no load raises a signal.
    /// Throws `error`: no memory.
    explicit sealed_memory(os::descriptor file);

    /// Valid as long as this, in forked children too.
    std::span<const std::byte> bytes() const noexcept { return {bytes_.data(), bytes_.size()}; }

    /// What hands it on; stays this one's.
    const os::descriptor& file() const noexcept { return file_; }

private:
    os::descriptor file_;
    os::mapping bytes_;
};

class memory_draft {
public:
    /// All zero; at least one byte. Throws `error`: no memory, no descriptors left, above the limit
    /// of file sizes.
    explicit memory_draft(std::uint64_t bytes);

    /// Valid until it is sealed. Throws `error` (forked) in a child of the process that made it.
    std::span<std::byte> bytes() const;

    /// Gives up writing. Throws `error`, and it is gone.
    sealed_memory seal() &&;

private:
    os::made_in_process here_;
    os::descriptor file_;
    os::mapping bytes_;
};

}  // namespace signet::transport::shm
