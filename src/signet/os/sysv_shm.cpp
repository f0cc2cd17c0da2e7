// SPDX-License-Identifier: Apache-2.0
#include <signet/os/sysv_shm.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/kernel_setting.hpp>

#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include <cerrno>
#include <string>
#include <utility>

namespace signet::os {
namespace {

constexpr const char* segment_bytes_setting = "/proc/sys/kernel/shmmax";
constexpr const char* pages_setting = "/proc/sys/kernel/shmall";
constexpr const char* segments_setting = "/proc/sys/kernel/shmmni";

std::string name_of(std::int32_t key) {
    return key == IPC_PRIVATE ? "without a key" : "key " + std::to_string(key);
}

std::string id_text(int id) {
    return "id " + std::to_string(id);
}

std::string sysv_shm_advice(long result) {
    switch (result) {
        case -EEXIST:
            return "the key is taken: open it, choose another, or remove what a process that was "
                   "killed has left (ipcs -m, ipcrm -M)";
        case -ENOENT: return "nobody has created it, or it was removed; check the key";
        case -EACCES:
        case -EPERM: return "it is another user's; check its owner and mode (ipcs -m)";
        case -EINVAL: return raise_setting(segment_bytes_setting) + " bytes, or share less";
        case -ENOSPC:
            return "remove segments that are not used (ipcs -m), or " +
                   raise_setting(segments_setting) + " segments, or " +
                   raise_setting(pages_setting) + " pages";
        case -EIDRM: return "it was removed meanwhile";
        default: return {};
    }
}

long check_segment(long result, const char* operation, const std::string& subject) {
    return check(result, operation, subject, result < 0 ? sysv_shm_advice(result) : std::string{});
}

void check_key(shm_key key) {
    if (static_cast<std::int32_t>(key) != IPC_PRIVATE) return;
    throw contract_violation{"sysv_shm: the key 0 is no key"};
}

}  // namespace

sysv_shm sysv_shm::create(shm_key key, std::size_t bytes, unsigned mode) {
    check_key(key);
    return create_by(static_cast<std::int32_t>(key), bytes, mode);
}

sysv_shm sysv_shm::create_unnamed(std::size_t bytes, unsigned mode) {
    return create_by(IPC_PRIVATE, bytes, mode);
}

sysv_shm sysv_shm::create_by(std::int32_t key, std::size_t bytes, unsigned mode) {
    if (bytes == 0) throw contract_violation{"sysv_shm: a segment has at least one byte"};
    const long id = call(SYS_shmget, key, bytes, IPC_CREAT | IPC_EXCL | static_cast<int>(mode));
    check_segment(id, "create System V shared memory", name_of(key));
    sysv_shm made{static_cast<int>(id), true};
    made.attach(shm_access::read_write);
    made.populate();
    return made;
}

std::optional<sysv_shm> sysv_shm::try_open(shm_key key, shm_access access) {
    check_key(key);
    const long id = call(SYS_shmget, key, 0, 0);
    if (id == -ENOENT) return std::nullopt;
    check_segment(id, "open System V shared memory", name_of(static_cast<std::int32_t>(key)));
    return open(shm_id{static_cast<int>(id)}, access);
}

sysv_shm sysv_shm::open(shm_key key, shm_access access) {
    if (std::optional<sysv_shm> met = try_open(key, access)) return std::move(*met);
    fail(-ENOENT, "open System V shared memory", name_of(static_cast<std::int32_t>(key)),
         sysv_shm_advice(-ENOENT));
}

sysv_shm sysv_shm::open(shm_id id, shm_access access) {
    sysv_shm met{static_cast<int>(id), false};
    met.attach(access);
    return met;
}

bool sysv_shm::remove(shm_key key) {
    check_key(key);
    const std::string subject = name_of(static_cast<std::int32_t>(key));
    const long id = call(SYS_shmget, key, 0, 0);
    if (id == -ENOENT) return false;
    check_segment(id, "find System V shared memory", subject);
    const long result = call(SYS_shmctl, id, IPC_RMID, nullptr);
    if (result == -EIDRM || result == -EINVAL) return false;  // somebody was faster
    check_segment(result, "remove System V shared memory", subject);
    return true;
}

void sysv_shm::attach(shm_access access) {
    const int flags = access == shm_access::read_only ? SHM_RDONLY : 0;
    // EINTR: only a signal that ends the process interrupts this.
    const long address = call(SYS_shmat, id_, nullptr, flags);
    const bool gone = address == -EINVAL;
    check(address, "attach System V shared memory", id_text(id_),
          gone ? "there is no such segment any more" : sysv_shm_advice(address));
    data_ = reinterpret_cast<std::byte*>(address);
    bytes_ = facts().bytes;
}

// The kernel has counted the memory, but it has none behind it yet: now is the time to be told that
// there is none.
void sysv_shm::populate() const {
    // EINTR: only a signal that ends the process interrupts this.
    const long result = call(SYS_madvise, data_, bytes_, MADV_POPULATE_WRITE);
    const bool full = result == -EFAULT || result == -ENOMEM;
    check(result, "allocate System V shared memory", std::to_string(bytes_) + " bytes",
          full ? "free memory, raise the container's memory limit, or share less" : "");
}

sysv_shm::sysv_shm(sysv_shm&& other) noexcept
    : id_{other.id_},
      removes_{std::exchange(other.removes_, false)},
      data_{std::exchange(other.data_, nullptr)},
      bytes_{std::exchange(other.bytes_, 0)},
      here_{other.here_} {}

sysv_shm& sysv_shm::operator=(sysv_shm&& other) noexcept {
    sysv_shm taken{std::move(other)};
    std::swap(id_, taken.id_);
    std::swap(removes_, taken.removes_);
    std::swap(data_, taken.data_);
    std::swap(bytes_, taken.bytes_);
    std::swap(here_, taken.here_);
    return *this;
}

sysv_shm::~sysv_shm() {
    if (data_ != nullptr) call(SYS_shmdt, data_);
    if (removes_ && here_.still()) call(SYS_shmctl, id_, IPC_RMID, nullptr);
}

void sysv_shm::mark_for_removal() {
    const long result = call(SYS_shmctl, id_, IPC_RMID, nullptr);
    check_segment(result, "remove System V shared memory", id_text(id_));
    removes_ = false;
}

sysv_shm_facts sysv_shm::facts() const {
    shmid_ds segment{};
    const long result = call(SYS_shmctl, id_, IPC_STAT, &segment);
    check_segment(result, "inspect System V shared memory", id_text(id_));
    return {.bytes = segment.shm_segsz,
            .attached = segment.shm_nattch,
            .creator_pid = segment.shm_cpid,
            .owner_uid = segment.shm_perm.uid,
            .mode = segment.shm_perm.mode & 0777U,
            .removed = (segment.shm_perm.mode & SHM_DEST) != 0};
}

sysv_shm_limits current_sysv_shm_limits() {
    return {.segment_bytes_max = kernel_setting(segment_bytes_setting),
            .pages_max = kernel_setting(pages_setting),
            .segments_max = kernel_setting(segments_setting)};
}

}  // namespace signet::os
