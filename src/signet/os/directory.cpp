// SPDX-License-Identifier: Apache-2.0
#include <signet/os/directory.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace signet::os {
namespace {

constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
constexpr std::size_t list_buffer_bytes = 8192;

std::string checked(std::string_view name) {
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string_view::npos) {
        throw contract_violation{"not a name in a directory: '" + std::string{name} + "'"};
    }
    return std::string{name};
}

const char* directory_advice(long result) {
    const bool denied = result == -EACCES || result == -EPERM;
    const bool other_kind = result == -ENOTDIR || result == -ELOOP;
    if (denied) return "check its owner and mode, and those of the directories above";
    return other_kind ? "it must be a directory, not a file or a symbolic link" : "";
}

long check_path(long result, const char* operation, const std::string& path) {
    return check(result, operation, path, result < 0 ? directory_advice(result) : "");
}

// EINTR: only network and user-space file systems wait here; opening again is harmless.
long open_at(int base, const std::string& name, int flags) {
    return call_uninterrupted(SYS_openat, base, name.c_str(), flags, 0);
}

void append_names(const char* records, std::size_t bytes, std::vector<std::string>& names) {
    for (std::size_t at = 0; at < bytes;) {
        const auto* record = reinterpret_cast<const dirent64*>(records + at);
        const std::string_view name{record->d_name};
        if (name != "." && name != "..") names.emplace_back(name);
        at += record->d_reclen;
    }
}

// None: there is nothing of that name.
std::optional<struct stat> look_at(const directory& place, std::string_view name) {
    struct stat found{};
    const long result =
        call(SYS_newfstatat, place.fd(), checked(name).c_str(), &found, AT_SYMLINK_NOFOLLOW);
    if (result == -ENOENT) return std::nullopt;
    check_path(result, "look at", place.path_of(name));
    return found;
}

bool remove_entry(const directory& place, std::string_view name, int flags) {
    const long result = call(SYS_unlinkat, place.fd(), checked(name).c_str(), flags);
    if (result == -ENOENT || result == -ENOTEMPTY || result == -EEXIST) return false;
    return check_path(result, "remove", place.path_of(name)) == 0;
}

}  // namespace

directory directory::open(const std::string& path) {
    const long number = open_at(AT_FDCWD, path, directory_flags);
    return {descriptor{static_cast<int>(check_path(number, "open directory", path))}, path};
}

directory directory::open_or_create(const std::string& path, unsigned mode) {
    return open_or_create_at(AT_FDCWD, path, path, mode);
}

directory directory::open_or_create_below(std::string_view name, unsigned mode) const {
    return open_or_create_at(fd(), std::string{name}, path_of(name), mode);
}

directory directory::open_or_create_at(int base, const std::string& name, std::string path,
                                       unsigned mode) {
    const long made = call(SYS_mkdirat, base, name.c_str(), mode);
    if (made != -EEXIST) check_path(made, "create directory", path);
    const long number = open_at(base, name, directory_flags | O_NOFOLLOW);
    descriptor handle{static_cast<int>(check_path(number, "open directory", path))};
    // the umask has taken bits away from what mkdir was asked for
    if (made == 0) check_path(call(SYS_fchmod, handle.get(), mode), "set the mode of", path);
    return {std::move(handle), std::move(path)};
}

std::optional<directory> directory::open_below(std::string_view name) const {
    std::string path = path_of(name);
    const long number = open_at(fd(), std::string{name}, directory_flags | O_NOFOLLOW);
    if (number == -ENOENT) return std::nullopt;
    descriptor handle{static_cast<int>(check_path(number, "open directory", path))};
    return directory{std::move(handle), std::move(path)};
}

directory_facts directory::facts() const {
    struct stat file{};
    struct statfs system{};
    check_path(call(SYS_fstat, fd(), &file), "inspect directory", path_);
    // EINTR: as when opening
    check_path(call_uninterrupted(SYS_fstatfs, fd(), &system), "inspect file system of", path_);
    const long access = call(SYS_faccessat2, fd(), "", W_OK | X_OK, AT_EMPTY_PATH | AT_EACCESS);
    return {.owner_uid = file.st_uid,
            .mode = file.st_mode & 07777U,
            .on_tmpfs = system.f_type == TMPFS_MAGIC,
            .writable = access == 0,
            .removed = file.st_nlink == 0};
}

std::vector<std::string> directory::list() const {
    // a descriptor of its own, so that two lists at once do not share one offset
    const long number = open_at(fd(), ".", directory_flags);
    const descriptor reader{static_cast<int>(check_path(number, "list directory", path_))};
    alignas(dirent64) std::array<char, list_buffer_bytes> buffer;
    std::vector<std::string> names;
    while (true) {
        // EINTR: nothing was delivered yet, so the same part is asked for again
        const long bytes =
            call_uninterrupted(SYS_getdents64, reader.get(), buffer.data(), buffer.size());
        check_path(bytes, "list directory", path_);
        if (bytes == 0) return names;
        append_names(buffer.data(), static_cast<std::size_t>(bytes), names);
    }
}

bool directory::link(std::string_view name, const directory& to, std::string_view new_name) const {
    const long result =
        call(SYS_linkat, fd(), checked(name).c_str(), to.fd(), checked(new_name).c_str(), 0);
    if (result == -EEXIST) return false;
    check_path(result, "create link", to.path_of(new_name));
    return true;
}

void directory::rename(std::string_view name, const directory& to,
                       std::string_view new_name) const {
    const long result =
        call(SYS_renameat2, fd(), checked(name).c_str(), to.fd(), checked(new_name).c_str(), 0);
    check_path(result, "rename", path_of(name));
}

bool directory::is_same(std::string_view name, const directory& to,
                        std::string_view other_name) const {
    const auto one = look_at(*this, name);
    const auto other = look_at(to, other_name);
    return one && other && one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

bool directory::holds_socket(std::string_view name) const {
    const auto found = look_at(*this, name);
    return found && S_ISSOCK(found->st_mode);
}

bool directory::remove(std::string_view name) const {
    return remove_entry(*this, name, 0);
}

bool directory::remove_empty_directory(std::string_view name) const {
    return remove_entry(*this, name, AT_REMOVEDIR);
}

std::string directory::path_of(std::string_view name) const {
    return path_ + '/' + checked(name);
}

}  // namespace signet::os
