// SPDX-License-Identifier: Apache-2.0
#include <signet/testing/recorded_disk.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace signet::testing {
namespace {

thread_local recorded_disk* disk_of_thread = nullptr;
os::kernel_entry entry_below = nullptr;

struct stat facts_of(int fd) {
    struct stat facts{};
    if (fstat(fd, &facts) != 0) throw std::runtime_error{"recorded_disk: not an open file"};
    return facts;
}

std::vector<std::byte> content_of(const std::filesystem::path& path) {
    std::ifstream in{path, std::ios::binary};
    std::vector<std::byte> bytes(std::filesystem::file_size(path));
    in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return bytes;
}

void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
    std::ofstream out{path, std::ios::binary};
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
    if (!out) throw std::runtime_error{"recorded_disk: cannot write " + path.string()};
}

// Of a file without a name, which is linked by what its descriptor is called.
std::uint64_t inode_of_link(const std::string& path) {
    return facts_of(std::atoi(path.substr(path.rfind('/') + 1).c_str())).st_ino;
}

template <class Pointer>
Pointer pointer_of(long argument) {
    return reinterpret_cast<Pointer>(argument);
}

}  // namespace

recorded_disk::recorded_disk(std::string directory)
    : directory_{std::move(directory)}, before_{os::exchange_kernel_entry(&enter)} {
    struct stat facts{};
    stat(directory_.c_str(), &facts);
    directory_inode_ = facts.st_ino;
    for (const auto& entry : std::filesystem::directory_iterator{directory_}) {
        stat(entry.path().c_str(), &facts);
        files_[facts.st_ino] = content_of(entry.path());
        names_[entry.path().filename()] = facts.st_ino;
    }
    entry_below = before_;
    disk_of_thread = this;
}

recorded_disk::~recorded_disk() {
    disk_of_thread = nullptr;
    os::exchange_kernel_entry(before_);
}

long recorded_disk::enter(long number, const os::kernel_arguments& arguments) {
    const long result = entry_below(number, arguments);
    if (disk_of_thread != nullptr && result >= 0) disk_of_thread->note(number, arguments);
    return result;
}

// A name in our directory, given by its path or as seen from the open directory.
std::optional<std::string> recorded_disk::own_name(long base, const char* path) const {
    const std::filesystem::path full{path};
    const bool from_us = base >= 0 && facts_of(static_cast<int>(base)).st_ino == directory_inode_;
    if (from_us || full.parent_path() == directory_) return full.filename();
    return std::nullopt;
}

void recorded_disk::note(long number, const os::kernel_arguments& arguments) {
    const int fd = static_cast<int>(arguments[0]);
    switch (number) {
        case SYS_pwrite64:
            note_write(fd, pointer_of<const std::byte*>(arguments[1]),
                       static_cast<std::size_t>(arguments[2]),
                       static_cast<std::uint64_t>(arguments[3]));
            break;
        case SYS_fdatasync:
        case SYS_fsync: note_sync(fd); break;
        case SYS_linkat:
            note_name(
                own_name(static_cast<int>(arguments[2]), pointer_of<const char*>(arguments[3])),
                inode_of_link(pointer_of<const char*>(arguments[1])));
            break;
        case SYS_unlinkat:
            note_name(own_name(fd, pointer_of<const char*>(arguments[1])), removed);
            break;
        default: break;
    }
}

void recorded_disk::note_name(const std::optional<std::string>& name, inode of) {
    if (name) pieces_.push_back({.named = true, .name = *name, .of = of});
}

void recorded_disk::note_write(int fd, const std::byte* bytes, std::size_t count,
                               std::uint64_t position) {
    const inode of = facts_of(fd).st_ino;
    for (std::size_t done = 0; done < count;) {
        const std::size_t room = sector_bytes - (position + done) % sector_bytes;
        const std::size_t part = std::min(room, count - done);
        pieces_.push_back(
            {.of = of, .position = position + done, .bytes = {bytes + done, bytes + done + part}});
        done += part;
    }
}

void recorded_disk::note_sync(int fd) {
    ++syncs_;
    const struct stat facts = facts_of(fd);
    const bool names = S_ISDIR(facts.st_mode);
    if (names && facts.st_ino != directory_inode_) return;
    std::vector<piece> left;
    for (piece& one : pieces_) {
        if (one.named && names) {
            apply_name(one, names_);
        } else if (!one.named && !names && one.of == facts.st_ino) {
            apply(one, files_);
        } else {
            left.push_back(std::move(one));
        }
    }
    pieces_ = std::move(left);
}

void recorded_disk::apply_name(const piece& one, std::map<std::string, inode>& names) {
    if (one.of == removed)
        names.erase(one.name);
    else
        names[one.name] = one.of;
}

void recorded_disk::apply(const piece& one, std::map<inode, content>& files) {
    content& file = files[one.of];
    file.resize(std::max(file.size(), one.position + one.bytes.size()));
    std::copy(one.bytes.begin(), one.bytes.end(),
              file.begin() + static_cast<std::ptrdiff_t>(one.position));
}

void recorded_disk::replay(const std::string& to, std::span<const arrival> arrived) const {
    std::map<inode, content> files = files_;
    std::map<std::string, inode> names = names_;
    std::vector<std::size_t> named;
    for (const arrival& one : arrived) {
        if (is_name(one.piece)) {
            named.push_back(one.piece);
            continue;
        }
        piece written = pieces_.at(one.piece);
        if (one.flipped_bit) {
            const unsigned bit = *one.flipped_bit % static_cast<unsigned>(written.bytes.size() * 8);
            written.bytes[bit / 8] ^= std::byte{1} << (bit % 8);
        }
        apply(written, files);
    }
    std::sort(named.begin(), named.end());
    for (const std::size_t i : named) apply_name(pieces_[i], names);
    for (const auto& [name, of] : names) {
        const auto file = files.find(of);
        write_file(std::filesystem::path{to} / name,
                   file == files.end() ? content{} : file->second);
    }
}

}  // namespace signet::testing
