// SPDX-License-Identifier: Apache-2.0
#include <signet/os/mapping.hpp>

#include <signet/base/error.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/os/kernel.hpp>

#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <string>

namespace signet::os {

namespace {

// Without a reserve: who made the memory puts it behind what is used. On huge pages a mapping would
// else set aside as many as it spans.
constexpr int shared_flags = MAP_SHARED | MAP_NORESERVE;

}  // namespace

mapping::mapping(const descriptor& memory, std::size_t bytes, int protection, int flags) {
    const long address = call(SYS_mmap, nullptr, bytes, protection, flags, memory.get(), 0);
    check(address, "map memory", std::to_string(bytes) + " bytes");
    data_ = reinterpret_cast<std::byte*>(address);
    bytes_ = bytes;
}

mapping mapping::read_write(const descriptor& memory, std::size_t bytes) {
    return {memory, bytes, PROT_READ | PROT_WRITE, shared_flags};
}

mapping mapping::read_only(const descriptor& memory, std::size_t bytes) {
    return {memory, bytes, PROT_READ, shared_flags};
}

mapping mapping::read_only_sealed(const descriptor& memory, std::size_t bytes) {
    return {memory, bytes, PROT_READ, MAP_PRIVATE};
}

mapping mapping::copy_on_write(const descriptor& memory, std::size_t bytes) {
    return {memory, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE};
}

mapping& mapping::operator=(mapping&& other) noexcept {
    mapping taken{std::move(other)};
    std::swap(data_, taken.data_);
    std::swap(bytes_, taken.bytes_);
    std::swap(only_in_, taken.only_in_);
    return *this;
}

mapping::~mapping() {
    // In a forked child that never had the bytes something else may lie there by now.
    if (only_in_ != 0 && only_in_ != process_generation()) return;
    if (data_ != nullptr) call(SYS_munmap, data_, bytes_);
}

void mapping::keep_private_to_process() {
    check(call(SYS_madvise, data_, bytes_, MADV_DONTFORK), "keep memory from forked children");
    only_in_ = process_generation();
    check(call(SYS_madvise, data_, bytes_, MADV_DONTDUMP), "keep memory out of core dumps");
}

void mapping::populate_for_write(std::size_t offset, std::size_t bytes) {
    populate(MADV_POPULATE_WRITE, offset, bytes);
}

void mapping::populate_for_read(std::size_t offset, std::size_t bytes) {
    populate(MADV_POPULATE_READ, offset, bytes);
}

void mapping::populate(int advice, std::size_t offset, std::size_t bytes) {
    check_range(offset, bytes);
    const std::size_t before = offset % getauxval(AT_PAGESZ);
    // EINTR: only a signal that ends the process interrupts this.
    const long result = call(SYS_madvise, data_ + (offset - before), bytes + before, advice);
    const bool full = result == -EFAULT || result == -ENOMEM;
    check(result, "populate memory", std::to_string(bytes) + " bytes",
          full ? "free memory, raise the container's memory limit, or share less" : "");
}

void mapping::lock(std::size_t offset, std::size_t bytes) {
    check_range(offset, bytes);
    // EINTR: only a signal that ends the process interrupts this.
    check(call(SYS_mlock, data_ + offset, bytes), "lock memory", std::to_string(bytes) + " bytes",
          "raise the limit of locked memory (ulimit -l), or do not lock");
}

void mapping::check_range(std::size_t offset, std::size_t bytes) const {
    if (offset <= bytes_ && bytes <= bytes_ - offset) return;
    throw contract_violation{"a range leaves the mapping"};
}

}  // namespace signet::os
