// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/sealed_memory.hpp>

#include <signet/base/error.hpp>
#include <signet/os/memfd.hpp>

#include <utility>

namespace signet::transport::shm {
namespace {

/// Without them it could be cut, which is a signal for who reads it, or changed while it is read.
constexpr os::seals needed_seals = os::seals::shrink | os::seals::write;
constexpr os::seals all_seals = needed_seals | os::seals::grow | os::seals::seal;

}  // namespace

const char* sealed_memory::flaw_of(const os::descriptor& file) {
    const os::memory_facts facts = os::inspect_memory(file);
    if (!facts.regular || !facts.on_tmpfs) return "is a file that is not plain memory";
    if (!os::includes(facts.present, needed_seals)) return "is memory that is not sealed";
    if (facts.bytes == 0) return "is memory of no bytes";
    // What is not there yet would be ours to pay for.
    if (facts.allocated_bytes < facts.bytes) return "is memory that is not all there";
    return nullptr;
}

// A peer may have hidden a hole behind pages beyond the end.
sealed_memory::sealed_memory(os::descriptor file)
    : file_{std::move(file)},
      bytes_{os::mapping::read_only_sealed(file_, os::inspect_memory(file_).bytes)} {
    bytes_.populate_for_read(0, bytes_.size());
}

memory_draft::memory_draft(std::uint64_t bytes) : file_{os::create_memfd("signet-large", bytes)} {
    os::allocate(file_, 0, bytes);
    bytes_ = os::mapping::read_write(file_, bytes);
    bytes_.keep_private_to_process();  // a child that could write would keep it from being sealed
}

std::span<std::byte> memory_draft::bytes() const {
    if (here_.still()) return {bytes_.data(), bytes_.size()};
    throw error{errc::forked, "write large memory", {}, "it was made before fork() in the parent"};
}

sealed_memory memory_draft::seal() && {
    bytes();
    bytes_ = {};
    os::add_seals(file_, all_seals);
    return sealed_memory{std::move(file_)};
}

}  // namespace signet::transport::shm
