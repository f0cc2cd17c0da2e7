// SPDX-License-Identifier: Apache-2.0
#include <signet/os/file.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace signet::os {
namespace {

constexpr std::uint64_t disk_block_bytes = 512;  // the unit of st_blocks
constexpr std::uint64_t file_step_min = std::uint64_t{1} << 20;
// Non-blocking: to open a FIFO that has taken the name must not wait.
constexpr int file_flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

const char* file_advice(long result) {
    switch (result) {
        case -EACCES:
        case -EPERM: return "check its owner and mode, and those of the directories above";
        case -EEXIST: return "it exists already: open it, or remove it first";
        case -ELOOP:
        case -EISDIR: return "it must be a regular file, not a directory or a symbolic link";
        case -EDQUOT: return "remove files, or raise the quota of this user";
        case -EROFS: return "its file system is mounted read-only";
        default: return "";
    }
}

long check_file(long result, const char* operation, const std::string& path) {
    return check(result, operation, path, result < 0 ? file_advice(result) : "");
}

// EINTR: only network and user-space file systems wait here; with O_EXCL, too, an interrupted call
// has created nothing.
long open_at(const file_place& place, int flags) {
    return call_uninterrupted(SYS_openat, place.base(), place.name().c_str(), file_flags | flags,
                              file::private_mode);
}

int flags_of(file_access access) {
    return access == file_access::read_only ? O_RDONLY : O_RDWR;
}

// A file that grows past this limit does not only fail: SIGXFSZ ends the process.
void check_limit(const std::string& path, std::uint64_t end) {
    rlimit limit{};
    if (call(SYS_prlimit64, 0, RLIMIT_FSIZE, nullptr, &limit) < 0 || end <= limit.rlim_cur) return;
    fail(-EFBIG, "write to", path,
         "it would be longer than the limit of file sizes (ulimit -f), " +
             std::to_string(limit.rlim_cur) + " bytes; raise it");
}

std::string name_of_open(int fd) {
    return "/proc/self/fd/" + std::to_string(fd);
}

// EINTR: as open_at
long open_once_more(const std::string& itself, int flags) {
    return call_uninterrupted(SYS_openat, AT_FDCWD, itself.c_str(), O_RDWR | O_CLOEXEC | flags, 0);
}

// The umask has taken bits away from what was asked for.
void set_mode(const descriptor& handle, unsigned mode, const std::string& path) {
    check_file(call(SYS_fchmod, handle.get(), mode), "set the mode of", path);
}

}  // namespace

file file::take(long number, const file_place& place) {
    descriptor handle{static_cast<int>(check_file(number, "open file", place.path()))};
    struct stat facts{};
    check_file(call(SYS_fstat, handle.get(), &facts), "inspect file", place.path());
    if (!S_ISREG(facts.st_mode)) {
        fail(-EINVAL, "open file", place.path(), "it must be a regular file, not a device or pipe");
    }
    return {std::move(handle), place.path()};
}

file file::open(const file_place& place, file_access access) {
    return take(open_at(place, flags_of(access)), place);
}

std::optional<file> file::try_open(const file_place& place, file_access access) {
    const long number = open_at(place, flags_of(access));
    if (number == -ENOENT) return std::nullopt;
    return take(number, place);
}

std::optional<file> file::try_create(const file_place& place, unsigned mode) {
    const long number = open_at(place, O_RDWR | O_CREAT | O_EXCL);
    if (number == -EEXIST) return std::nullopt;
    check_file(number, "create file", place.path());
    file made{descriptor{static_cast<int>(number)}, place.path()};
    set_mode(made.handle_, mode, place.path());
    return made;
}

file file::create(const file_place& place, unsigned mode) {
    if (std::optional<file> made = try_create(place, mode)) return std::move(*made);
    fail(-EEXIST, "create file", place.path(), file_advice(-EEXIST));
}

file file::open_or_create(const file_place& place, unsigned mode) {
    // Once more where somebody removes what we met; whoever does so all the time wants an error.
    for (int tries = 0; tries < 2; ++tries) {
        if (std::optional<file> made = try_create(place, mode)) return std::move(*made);
        if (std::optional<file> met = try_open(place)) return std::move(*met);
    }
    return open(place);
}

file file::create_sized(const file_place& place, std::uint64_t bytes, unsigned mode,
                        const std::function<void(const file&)>& fill) {
    file made = create_unnamed(place, bytes);
    if (fill) fill(made);
    made.give_name(place, mode);
    return made;
}

file file::create_unnamed(const file_place& place, std::uint64_t bytes) {
    // EINTR: as when opening
    const long number = call_uninterrupted(SYS_openat, place.base(), place.directory_name().c_str(),
                                           O_TMPFILE | O_RDWR | O_CLOEXEC, private_mode);
    const bool lacking = number == -EOPNOTSUPP || number == -EISDIR;
    if (lacking) fail(number, "create file", place.path(), "its file system has no unnamed files");
    check_file(number, "create file", place.path());
    file made{descriptor{static_cast<int>(number)}, place.path()};
    if (bytes > 0) made.allocate(0, bytes);
    return made;
}

void file::give_name(const file_place& place, unsigned mode) const {
    set_mode(handle_, mode, place.path());
    const std::string itself = name_of_open(fd());
    const long linked = call(SYS_linkat, AT_FDCWD, itself.c_str(), place.base(),
                             place.name().c_str(), AT_SYMLINK_FOLLOW);
    check_file(linked, "create file", place.path());
}

file file::open_again(int fd) {
    const std::string itself = name_of_open(fd);
    const long number = open_once_more(itself, 0);
    check_file(number, "open once more", itself);
    return file{descriptor{static_cast<int>(number)}, itself};
}

std::optional<file> file::try_open_direct(std::size_t unit) const {
    struct statx facts{};
    const long known = call(SYS_statx, fd(), "", AT_EMPTY_PATH, STATX_DIOALIGN, &facts);
    if (known < 0 || (facts.stx_mask & STATX_DIOALIGN) == 0) return std::nullopt;
    constexpr auto memory_unit = static_cast<std::size_t>(direct_buffer::allocator_type::alignment);
    const bool fits = facts.stx_dio_offset_align != 0 && unit % facts.stx_dio_offset_align == 0 &&
                      facts.stx_dio_mem_align != 0 && memory_unit % facts.stx_dio_mem_align == 0;
    const long number = fits ? open_once_more(name_of_open(fd()), O_DIRECT) : -EINVAL;
    if (number < 0) return std::nullopt;
    return file{descriptor{static_cast<int>(number)}, path_};
}

std::size_t file::read_at(std::uint64_t position, std::span<std::byte> buffer) const {
    std::size_t done = 0;
    while (done < buffer.size()) {
        // EINTR: nothing was read by an interrupted call.
        const long bytes = call_uninterrupted(SYS_pread64, fd(), buffer.data() + done,
                                              buffer.size() - done, position + done);
        if (check_file(bytes, "read", path_) == 0) break;
        done += static_cast<std::size_t>(bytes);
    }
    return done;
}

void file::write_at(std::uint64_t position, std::span<const std::byte> bytes) const {
    check_limit(path_, position + bytes.size());
    std::size_t done = 0;
    while (done < bytes.size()) {
        // EINTR: nothing was written by an interrupted call. A full disk first writes a part.
        const long part = call_uninterrupted(SYS_pwrite64, fd(), bytes.data() + done,
                                             bytes.size() - done, position + done);
        done += static_cast<std::size_t>(check_file(part, "write to", path_));
    }
}

void file::resize(std::uint64_t bytes) const {
    check_limit(path_, bytes);
    // EINTR: asked again for the same length
    check_file(call_uninterrupted(SYS_ftruncate, fd(), bytes), "resize", path_);
}

void file::allocate(std::uint64_t position, std::uint64_t bytes) const {
    check_limit(path_, position + bytes);
    // EINTR: tmpfs gives back what an interrupted call had taken, so the same step made again might
    // never finish under a profiler's signals. A smaller step does.
    for (std::uint64_t step = bytes; bytes > 0;) {
        const std::uint64_t now = std::min(step, bytes);
        const long result = call(SYS_fallocate, fd(), 0, position, now);
        if (result == -EINTR) {
            step = std::max(now / 2, file_step_min);
            continue;
        }
        const bool lacking = result == -EOPNOTSUPP;
        check(result, "make room in", path_,
              lacking ? "its file system cannot reserve room; use another" : file_advice(result));
        position += now;
        bytes -= now;
    }
}

void file::sync() const {
    // EINTR: nothing is lost by asking again
    check_file(call_uninterrupted(SYS_fdatasync, fd()), "bring to the disk", path_);
}

file_facts file::facts() const {
    struct stat facts{};
    check_file(call(SYS_fstat, fd(), &facts), "inspect file", path_);
    return {.bytes = static_cast<std::uint64_t>(facts.st_size),
            .allocated_bytes = static_cast<std::uint64_t>(facts.st_blocks) * disk_block_bytes,
            .owner_uid = facts.st_uid,
            .mode = facts.st_mode & 07777U,
            .names = static_cast<unsigned>(facts.st_nlink)};
}

bool file::is_at(const file_place& place) const {
    struct stat own{};
    struct stat there{};
    check_file(call(SYS_fstat, fd(), &own), "inspect file", path_);
    const long result =
        call(SYS_newfstatat, place.base(), place.name().c_str(), &there, AT_SYMLINK_NOFOLLOW);
    if (result == -ENOENT) return false;
    check_file(result, "inspect file", place.path());
    return own.st_dev == there.st_dev && own.st_ino == there.st_ino;
}

std::optional<std::string> read_file(const file_place& place, std::size_t bytes_max) {
    const std::optional<file> met = file::try_open(place, file_access::read_only);
    if (!met) return std::nullopt;
    std::string content(std::min<std::uint64_t>(met->size(), bytes_max) + 1, '\0');
    content.resize(met->read_at(0, std::as_writable_bytes(std::span{content})));
    if (content.size() <= bytes_max) return content;
    throw error{errc::too_large, "read", place.path(),
                "it has more than " + std::to_string(bytes_max) + " bytes"};
}

void sync_name(const file_place& place) {
    const std::string name = place.directory_name();
    // EINTR: only network and user-space file systems wait here; opening again is harmless.
    const long number = call_uninterrupted(SYS_openat, place.base(), name.c_str(),
                                           O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    const std::string subject = "the directory of " + place.path();
    const descriptor handle{static_cast<int>(check(number, "open", subject))};
    // EINTR: nothing is lost by asking again
    check(call_uninterrupted(SYS_fsync, handle.get()), "bring to the disk", subject);
}

bool remove_file(const file_place& place) {
    const long result = call(SYS_unlinkat, place.base(), place.name().c_str(), 0);
    if (result == -ENOENT) return false;
    check_file(result, "remove", place.path());
    return true;
}

}  // namespace signet::os
