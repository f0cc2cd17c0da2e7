// SPDX-License-Identifier: Apache-2.0
#include <signet/os/memfd.hpp>

#include <signet/os/kernel.hpp>

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/memfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include <algorithm>

namespace signet::os {
namespace {

constexpr unsigned noexec_seal = 8;  // MFD_NOEXEC_SEAL, of Linux 6.3
constexpr unsigned memfd_flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
constexpr std::uint64_t allocation_step_min = 64 * 1024;
constexpr std::uint64_t block_bytes = 512;  // the unit of st_blocks

static_assert(static_cast<unsigned>(seals::seal) == F_SEAL_SEAL);
static_assert(static_cast<unsigned>(seals::shrink) == F_SEAL_SHRINK);
static_assert(static_cast<unsigned>(seals::grow) == F_SEAL_GROW);
static_assert(static_cast<unsigned>(seals::write) == F_SEAL_WRITE);
static_assert(static_cast<unsigned>(seals::future_write) == F_SEAL_FUTURE_WRITE);

long open_memfd(const std::string& name, memory_pages pages) {
    const unsigned flags =
        memfd_flags | (pages == memory_pages::huge ? MFD_HUGETLB | MFD_HUGE_2MB : 0);
    const long number = call(SYS_memfd_create, name.c_str(), flags | noexec_seal);
    if (number != -EINVAL) return number;
    return call(SYS_memfd_create, name.c_str(), flags);  // before Linux 6.3
}

// A file that grows past this limit does not only fail: SIGXFSZ ends the process.
void check_file_limit(const std::string& name, std::uint64_t bytes) {
    rlimit limit{};
    if (call(SYS_prlimit64, 0, RLIMIT_FSIZE, nullptr, &limit) < 0 || bytes <= limit.rlim_cur)
        return;
    fail(-EFBIG, "size memory", name,
         std::to_string(bytes) + " bytes are more than the limit of file sizes (ulimit -f), " +
             std::to_string(limit.rlim_cur) + "; raise it, or share less");
}

}  // namespace

descriptor create_memfd(const std::string& name, std::uint64_t bytes, memory_pages pages) {
    check_file_limit(name, bytes);
    descriptor memory{static_cast<int>(check(open_memfd(name, pages), "create memory", name))};
    // EINTR: a new file without pages is resized at once; a signal is seen only after that.
    check(call_uninterrupted(SYS_ftruncate, memory.get(), bytes), "size memory", name);
    return memory;
}

void add_seals(const descriptor& memory, seals added) {
    const long result = call(SYS_fcntl, memory.get(), F_ADD_SEALS, added);
    const bool busy = result == -EBUSY;
    check(result, "seal memory", {}, busy ? "unmap every writable mapping of it first" : "");
}

void allocate(const descriptor& memory, std::uint64_t offset, std::uint64_t bytes) {
    // EINTR: tmpfs gives back what an interrupted call had taken, so the same step made again might
    // never finish under a profiler's signals. A smaller step does.
    for (std::uint64_t step = bytes; bytes > 0;) {
        const long result = call(SYS_fallocate, memory.get(), 0, offset, std::min(step, bytes));
        if (result == -EINTR) {
            step = std::max(step / 2, allocation_step_min);
            continue;
        }
        const bool full = result == -ENOSPC || result == -ENOMEM;
        check(result, "allocate shared memory", std::to_string(bytes) + " bytes",
              full ? "free memory, raise the container's memory limit, or share less" : "");
        offset += std::min(step, bytes);
        bytes -= std::min(step, bytes);
    }
}

memory_facts inspect_memory(const descriptor& memory) {
    struct stat file{};
    struct statfs system{};
    check(call(SYS_fstat, memory.get(), &file), "inspect descriptor");
    // EINTR: only a network or user-space file system waits here; asking again changes nothing.
    check(call_uninterrupted(SYS_fstatfs, memory.get(), &system), "inspect file system");
    const long present = call(SYS_fcntl, memory.get(), F_GET_SEALS);  // fails: cannot be sealed
    return {.bytes = static_cast<std::uint64_t>(file.st_size),
            .allocated_bytes = static_cast<std::uint64_t>(file.st_blocks) * block_bytes,
            .present = present < 0 ? seals::none : static_cast<seals>(present),
            .page_bytes = static_cast<std::uint64_t>(system.f_bsize),
            .regular = S_ISREG(file.st_mode),
            .huge_pages = system.f_type == HUGETLBFS_MAGIC,
            .on_tmpfs = system.f_type == TMPFS_MAGIC};
}

}  // namespace signet::os
