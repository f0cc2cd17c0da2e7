// SPDX-License-Identifier: Apache-2.0
#include <signet/os/mapped_file.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>

#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <utility>

namespace signet::os {
namespace {

mapping map_bytes(const file& content, map_access access, std::size_t bytes) {
    if (bytes == 0) return {};
    switch (access) {
        case map_access::read_only: return mapping::read_only(content.handle(), bytes);
        case map_access::read_write: return mapping::read_write(content.handle(), bytes);
        case map_access::copy_on_write: return mapping::copy_on_write(content.handle(), bytes);
    }
    throw contract_violation{"mapped_file: there is no such access"};
}

int kernel_advice(map_advice advice) {
    switch (advice) {
        case map_advice::normal: return MADV_NORMAL;
        case map_advice::sequential: return MADV_SEQUENTIAL;
        case map_advice::random: return MADV_RANDOM;
        case map_advice::will_need: return MADV_WILLNEED;
        case map_advice::do_not_need: return MADV_DONTNEED;
    }
    throw contract_violation{"mapped_file: there is no such advice"};
}

std::size_t bytes_into_page(std::size_t offset) {
    return offset % getauxval(AT_PAGESZ);
}

}  // namespace

mapped_file::mapped_file(file content, map_access access, std::size_t bytes)
    : content_{std::move(content)}, access_{access}, bytes_{map_bytes(content_, access, bytes)} {}

mapped_file mapped_file::create(const file_place& place, std::size_t bytes, unsigned mode) {
    return {file::create_sized(place, bytes, mode), map_access::read_write, bytes};
}

mapped_file mapped_file::open(const file_place& place, map_access access) {
    const bool writes = access == map_access::read_write;
    return map(file::open(place, writes ? file_access::read_write : file_access::read_only),
               access);
}

mapped_file mapped_file::map(file content, map_access access) {
    const std::size_t bytes = content.size();
    return {std::move(content), access, bytes};
}

void mapped_file::flush(std::size_t offset, std::size_t bytes, flush_mode mode) const {
    check_range(offset, bytes);
    if (bytes == 0) return;
    const std::size_t before = bytes_into_page(offset);
    const int flags = mode == flush_mode::wait ? MS_SYNC : MS_ASYNC;
    // EINTR: nothing is lost by asking again
    const long result =
        call_uninterrupted(SYS_msync, data() + (offset - before), bytes + before, flags);
    check(result, "bring to the disk", content_.path());
}

void mapped_file::advise(map_advice advice, std::size_t offset, std::size_t bytes) const {
    check_range(offset, bytes);
    if (advice == map_advice::do_not_need && access_ == map_access::copy_on_write) {
        throw contract_violation{"mapped_file: do_not_need would throw copied pages away"};
    }
    if (bytes == 0) return;
    const std::size_t before = bytes_into_page(offset);
    // EINTR: only a signal that ends the process interrupts this.
    const long result =
        call(SYS_madvise, data() + (offset - before), bytes + before, kernel_advice(advice));
    check(result, "advise on", content_.path());
}

void mapped_file::reserve(std::size_t offset, std::size_t bytes) const {
    check_range(offset, bytes);
    check_writable();
    if (bytes > 0) content_.allocate(offset, bytes);
}

void mapped_file::grow(std::size_t bytes) {
    check_writable();
    if (bytes < size()) throw contract_violation{"mapped_file: to grow is not to shrink"};
    if (bytes == size()) return;
    content_.allocate(size(), bytes - size());
    bytes_ = map_bytes(content_, access_, bytes);
}

bool mapped_file::follow_growth() {
    if (access_ == map_access::copy_on_write) {
        throw contract_violation{"mapped_file: to map anew would throw copied pages away"};
    }
    const std::size_t bytes = content_.size();
    if (bytes == size()) return false;
    bytes_ = map_bytes(content_, access_, bytes);
    return true;
}

void mapped_file::check_range(std::size_t offset, std::size_t bytes) const {
    if (offset <= size() && bytes <= size() - offset) return;
    throw contract_violation{"mapped_file: a range leaves the mapping"};
}

void mapped_file::check_writable() const {
    if (access_ == map_access::read_write) return;
    throw contract_violation{"mapped_file: this is not mapped to read and write"};
}

}  // namespace signet::os
