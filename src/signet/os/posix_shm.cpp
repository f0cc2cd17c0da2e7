// SPDX-License-Identifier: Apache-2.0
#include <signet/os/posix_shm.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>

#include <sys/statfs.h>
#include <sys/syscall.h>

#include <cerrno>

namespace signet::os {
namespace {

constexpr const char* shm_directory = "/dev/shm";
constexpr std::size_t shm_name_bytes_max = 255;  // with its "/"

file_place place_of(const std::string& name) {
    const bool formed = name.size() >= 2 && name.size() <= shm_name_bytes_max && name[0] == '/' &&
                        name.find('/', 1) == std::string::npos &&
                        name.find('\0') == std::string::npos;
    if (formed && name != "/." && name != "/..") return {shm_directory + name};
    throw error{errc::bad_name, "name shared memory", name,
                "a name is '/' and 1 to 254 bytes without another '/', such as '/robot'"};
}

std::string room_left() {
    try {
        const shm_room room = current_shm_room();
        return std::to_string(room.bytes_free) + " of its " + std::to_string(room.bytes_max) +
               " bytes";
    } catch (const error&) {
        return "too little";
    }
}

std::string shm_advice(const std::error_code& code) {
    switch (code.value()) {
        case EEXIST:
            return "it exists already: open it, or remove it where a process that was killed has "
                   "left it";
        case ENOENT: return "nobody has created it, or it was removed; check the name";
        case EACCES:
        case EPERM: return "it is another user's; check its mode in /dev/shm";
        case ENOSPC:
        case ENOMEM:
            return "/dev/shm has " + room_left() +
                   " left: remove what is not used there, or mount "
                   "it larger (of a container: --shm-size)";
        default: return {};
    }
}

// The same failure in the words of this mechanism.
[[noreturn]] void retell(const error& cause, const char* operation, const std::string& name) {
    const std::string advice = shm_advice(cause.code());
    const bool known = !advice.empty() && cause.code().category() == std::generic_category();
    throw error{cause.code(), operation, name, known ? advice : cause.advice()};
}

file create_content(const std::string& name, std::size_t bytes, unsigned mode) {
    const file_place place = place_of(name);
    try {
        return file::create_sized(place, bytes, mode);
    } catch (const error& cause) {
        retell(cause, "create shared memory", name);
    }
}

// Where somebody else made it, its pages may have no memory behind them yet.
file checked_content(const std::string& name, file met, file_access access) {
    const file_facts facts = met.facts();
    if (facts.bytes == 0) {
        throw error{errc::unsupported, "open shared memory", name,
                    "it has no bytes: its creator has not given it a size yet; try again"};
    }
    const bool holes = facts.allocated_bytes < facts.bytes;
    if (holes && access == file_access::read_write) met.allocate(0, facts.bytes);
    return met;
}

std::optional<file> open_content(const std::string& name, file_access access) {
    const file_place place = place_of(name);
    try {
        std::optional<file> met = file::try_open(place, access);
        if (!met) return std::nullopt;
        return checked_content(name, std::move(*met), access);
    } catch (const error& cause) {
        retell(cause, "open shared memory", name);
    }
}

mapping map_content(const file& content, file_access access) {
    const std::size_t bytes = content.size();
    return access == file_access::read_only ? mapping::read_only(content.handle(), bytes)
                                            : mapping::read_write(content.handle(), bytes);
}

}  // namespace

posix_shm::posix_shm(std::string name, file content, file_access access, bool created)
    : name_{std::move(name)},
      content_{std::move(content)},
      bytes_{map_content(content_, access)},
      removes_name_{created} {}

posix_shm posix_shm::create(const std::string& name, std::size_t bytes, unsigned mode) {
    if (bytes == 0) throw contract_violation{"posix_shm: shared memory has at least one byte"};
    file content = create_content(name, bytes, mode);
    try {
        return {name, std::move(content), file_access::read_write, true};
    } catch (...) {
        remove_file(place_of(name));
        throw;
    }
}

posix_shm posix_shm::open(const std::string& name, file_access access) {
    if (std::optional<posix_shm> met = try_open(name, access)) return std::move(*met);
    fail(-ENOENT, "open shared memory", name,
         shm_advice(std::error_code{ENOENT, std::generic_category()}));
}

std::optional<posix_shm> posix_shm::try_open(const std::string& name, file_access access) {
    std::optional<file> content = open_content(name, access);
    if (!content) return std::nullopt;
    return posix_shm{name, std::move(*content), access, false};
}

bool posix_shm::remove(const std::string& name) {
    return remove_file(place_of(name));
}

posix_shm::posix_shm(posix_shm&& other) noexcept
    : name_{std::move(other.name_)},
      content_{std::move(other.content_)},
      bytes_{std::move(other.bytes_)},
      removes_name_{std::exchange(other.removes_name_, false)},
      here_{other.here_} {}

posix_shm& posix_shm::operator=(posix_shm&& other) noexcept {
    posix_shm taken{std::move(other)};
    std::swap(name_, taken.name_);
    std::swap(content_, taken.content_);
    std::swap(bytes_, taken.bytes_);
    std::swap(removes_name_, taken.removes_name_);
    std::swap(here_, taken.here_);
    return *this;
}

posix_shm::~posix_shm() {
    if (!removes_name_ || !here_.still()) return;
    try {
        const file_place place = place_of(name_);
        if (content_.is_at(place)) remove_file(place);
    } catch (const error&) {  // the name stays, as after a death
    }
}

shm_room current_shm_room() {
    struct statfs system{};
    // EINTR: memory does not wait; asking again changes nothing.
    check(call_uninterrupted(SYS_statfs, shm_directory, &system), "inspect", shm_directory);
    const auto block = static_cast<std::uint64_t>(system.f_bsize);
    return {.bytes_max = system.f_blocks * block, .bytes_free = system.f_bavail * block};
}

}  // namespace signet::os
