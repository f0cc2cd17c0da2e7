// SPDX-License-Identifier: Apache-2.0
#include <signet/os/sysv_queue.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/kernel_setting.hpp>
#include <signet/os/sysv_lookout.hpp>

#include <fcntl.h>
#include <sys/msg.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstring>

namespace signet::os {
namespace {

constexpr const char* message_setting = "/proc/sys/kernel/msgmax";
constexpr const char* capacity_setting = "/proc/sys/kernel/msgmnb";
constexpr const char* queues_setting = "/proc/sys/kernel/msgmni";
constexpr unsigned mode_bits = 0777;
constexpr int copy_flags = 040000 | IPC_NOWAIT;  // MSG_COPY, of Linux 3.8
constexpr int no_queue = -1;

bool is_gone(long result) {
    return result == -EIDRM || result == -EINVAL;
}

std::string raise(const char* path) {
    const auto value = kernel_setting(path);
    return std::string{"raise "} + path + (value ? ", now " + std::to_string(*value) : "");
}

std::string name_of_key(int key) {
    return "with key " + std::to_string(key);
}

std::string sysv_creation_advice(long result) {
    if (result == -EEXIST) return "open it, or choose another key";
    return result == -ENOSPC ? raise(queues_setting) : std::string{};
}

int flags_of(const sysv_types& types) {
    return types.inverted() ? MSG_EXCEPT : 0;
}

}  // namespace

sysv_queue_limits current_sysv_queue_limits() {
    return {.message_bytes_max = kernel_setting(message_setting),
            .capacity_bytes_max = kernel_setting(capacity_setting),
            .queues_max = kernel_setting(queues_setting)};
}

int sysv_key_of(const std::string& path, std::uint8_t project) {
    struct stat file{};
    check(call(SYS_newfstatat, AT_FDCWD, path.c_str(), &file, 0), "make a key of file", path);
    const auto number = static_cast<std::uint64_t>(file.st_ino) & 0xffff;
    const auto device = static_cast<std::uint64_t>(file.st_dev) & 0xff;
    return static_cast<int>(static_cast<std::uint32_t>(number | device << 16 |
                                                       static_cast<std::uint64_t>(project) << 24));
}

long sysv_types::checked(long type) {
    if (type < 1) throw contract_violation{"a System V message's type is at least 1"};
    return type;
}

sysv_queue sysv_queue::create(int key, const sysv_queue_options& options) {
    if (key == IPC_PRIVATE) {
        throw contract_violation{"sysv_queue::create: key 0 is no key; use create_private"};
    }
    return make(key, name_of_key(key), options);
}

sysv_queue sysv_queue::create_private(const sysv_queue_options& options) {
    return make(IPC_PRIVATE, "without a key", options);
}

sysv_queue sysv_queue::make(int key, std::string name, const sysv_queue_options& options) {
    const int flags = IPC_CREAT | IPC_EXCL | static_cast<int>(options.mode & mode_bits);
    const long id = call(SYS_msgget, key, flags);
    const std::string advice = id < 0 ? sysv_creation_advice(id) : "";
    check(id, "create System V queue", name, advice);
    sysv_queue made{static_cast<int>(id), std::move(name), true};
    if (options.capacity_bytes != 0) made.set_capacity(options.capacity_bytes);
    return made;
}

void sysv_queue::set_capacity(std::size_t bytes) {
    msqid_ds state{};
    check(call(SYS_msgctl, id_, IPC_STAT, &state), "inspect System V queue", name_);
    state.msg_qbytes = bytes;
    const long result = call(SYS_msgctl, id_, IPC_SET, &state);
    const std::string advice = result == -EPERM ? raise(capacity_setting) : "";
    check(result, "give " + std::to_string(bytes) + " bytes to System V queue", name_, advice);
}

sysv_queue sysv_queue::open(int key) {
    if (key == IPC_PRIVATE) throw contract_violation{"sysv_queue::open: key 0 is no key"};
    const long id = call(SYS_msgget, key, 0);
    const bool absent = id == -ENOENT;
    check(id, "open System V queue", name_of_key(key),
          absent ? "nobody has created it in this IPC namespace, or it was removed" : "");
    return {static_cast<int>(id), name_of_key(key), false};
}

sysv_queue sysv_queue::of_id(int id) {
    return {id, "with id " + std::to_string(id), false};
}

sysv_queue sysv_queue::open_id(int id) {
    sysv_queue opened = of_id(id);
    if (opened.facts()) return opened;
    fail(-ENOENT, "open System V queue", opened.name_, "it was removed, or is elsewhere");
}

sysv_queue::sysv_queue(int id, std::string name, bool owned)
    : id_{id}, name_{std::move(name)}, owned_{owned} {}

sysv_queue::sysv_queue(sysv_queue&& other) noexcept
    : id_{std::exchange(other.id_, no_queue)},
      name_{std::move(other.name_)},
      owned_{other.owned_},
      here_{other.here_},
      copy_{std::move(other.copy_)},
      fitting_{std::exchange(other.fitting_, 0)} {}

sysv_queue& sysv_queue::operator=(sysv_queue&& other) noexcept {
    sysv_queue old{std::move(*this)};
    id_ = std::exchange(other.id_, no_queue);
    name_ = std::move(other.name_);
    owned_ = other.owned_;
    here_ = other.here_;
    copy_ = std::move(other.copy_);
    fitting_ = std::exchange(other.fitting_, 0);
    return *this;
}

sysv_queue::~sysv_queue() {
    if (id_ != no_queue && owned_ && here_.still()) call(SYS_msgctl, id_, IPC_RMID, nullptr);
}

long sysv_queue::put(long type, std::span<const std::byte> message, int flags) {
    if (type < 1) throw contract_violation{"a System V message's type is at least 1"};
    copy_.resize(std::max(copy_.size(), sizeof type + message.size()));
    std::memcpy(copy_.data(), &type, sizeof type);
    if (!message.empty()) {
        std::memcpy(copy_.data() + sizeof type, message.data(), message.size());
    }
    // EINTR: nothing was sent, so the wait for room goes on.
    return call_uninterrupted(SYS_msgsnd, id_, copy_.data(), message.size(), flags);
}

sysv_outcome sysv_queue::try_send(long type, std::span<const std::byte> message) {
    return outcome_of_send(put(type, message, IPC_NOWAIT), message.size());
}

sysv_outcome sysv_queue::send(long type, std::span<const std::byte> message) {
    if (message.size() > fitting_) {
        const sysv_outcome at_once = try_send(type, message);
        fitting_ = message.size();
        if (at_once != sysv_outcome::not_now) return at_once;
    }
    return outcome_of_send(put(type, message, 0), message.size());
}

sysv_outcome sysv_queue::outcome_of_send(long result, std::size_t bytes) {
    if (result >= 0) return sysv_outcome::done;
    const bool full = result == -EAGAIN;
    // The kernel has one number for a queue that is gone and for a message that is too large.
    if (is_gone(result) && !facts()) return sysv_outcome::removed;
    if (full || result == -EINVAL) refuse_beyond_capacity(bytes);
    if (full) return sysv_outcome::not_now;
    if (result == -EINVAL) refuse_beyond_setting(bytes);
    fail(result, "send to System V queue", name_);
}

// A message that fits into no such queue would wait for ever.
void sysv_queue::refuse_beyond_capacity(std::size_t bytes) const {
    const auto now = facts();
    if (!now || bytes <= now->capacity_bytes) return;
    throw error{errc::too_large, "send to System V queue", name_,
                std::to_string(bytes) + " bytes, where all of it has room for " +
                    std::to_string(now->capacity_bytes) + "; create it with more capacity"};
}

void sysv_queue::refuse_beyond_setting(std::size_t bytes) const {
    const auto limit = kernel_setting(message_setting);
    if (limit && bytes <= *limit) return;
    throw error{errc::too_large, "send to System V queue", name_,
                std::to_string(bytes) + " bytes; " + raise(message_setting) + ", or send less"};
}

sysv_message sysv_queue::take(long selector, int flags, std::span<std::byte> buffer) {
    long type = 0;
    copy_.resize(std::max(copy_.size(), sizeof type + buffer.size()));
    // EINTR: nothing was taken, so the wait goes on.
    const long result =
        call_uninterrupted(SYS_msgrcv, id_, copy_.data(), buffer.size(), selector, flags);
    if (result == -ENOMSG) return {.outcome = sysv_outcome::not_now};
    if (is_gone(result)) return {.outcome = sysv_outcome::removed};
    if (result == -E2BIG) {
        throw error{errc::too_large, "receive from System V queue", name_,
                    "the message has more than the buffer's " + std::to_string(buffer.size()) +
                        " bytes, and stays in the queue"};
    }
    check(result, "receive from System V queue", name_);
    const auto bytes = static_cast<std::size_t>(result);
    std::memcpy(&type, copy_.data(), sizeof type);
    std::copy_n(copy_.begin() + sizeof type, bytes, buffer.begin());
    return {sysv_outcome::done, type, bytes};
}

sysv_message sysv_queue::try_receive(const sysv_types& types, std::span<std::byte> buffer) {
    return take(types.selector(), flags_of(types) | IPC_NOWAIT, buffer);
}

sysv_message sysv_queue::receive(const sysv_types& types, std::span<std::byte> buffer,
                                 deadline until) {
    if (until == never) return take(types.selector(), flags_of(types), buffer);
    for (;;) {
        const sysv_message message = try_receive(types, buffer);
        if (message.outcome != sysv_outcome::not_now || clock::now() >= until) return message;
        const sysv_sighting seen = look_out(id_, types.selector(), flags_of(types), until);
        if (seen.taken != 0) return {sysv_outcome::done, seen.taken, 0};
    }
}

sysv_message sysv_queue::wait(const sysv_types& types) {
    long type = 0;
    // EINTR: nothing was taken, so the wait goes on. E2BIG: one is there that has some bytes.
    const long result =
        call_uninterrupted(SYS_msgrcv, id_, &type, 0, types.selector(), flags_of(types));
    if (is_gone(result)) return {.outcome = sysv_outcome::removed};
    if (result == -E2BIG) return {.outcome = sysv_outcome::not_now};
    check(result, "wait for System V queue", name_);
    return {sysv_outcome::done, type, 0};
}

sysv_message sysv_queue::peek(std::size_t position, std::span<std::byte> buffer) try {
    return take(static_cast<long>(position), copy_flags, buffer);
} catch (const error& e) {
    if (e.code() != std::errc::function_not_supported) throw;
    throw error{errc::unsupported, "peek into System V queue", name_,
                "this kernel was built without CONFIG_CHECKPOINT_RESTORE"};
}

std::optional<sysv_queue_facts> sysv_queue::facts() const {
    msqid_ds state{};
    const long result = call(SYS_msgctl, id_, IPC_STAT, &state);
    if (is_gone(result)) return std::nullopt;
    check(result, "inspect System V queue", name_,
          result == -EACCES ? "its owner created it for others than this user" : "");
    return sysv_queue_facts{.messages = state.msg_qnum,
                            .bytes = state.__msg_cbytes,
                            .capacity_bytes = state.msg_qbytes,
                            .last_sender = state.msg_lspid,
                            .last_receiver = state.msg_lrpid,
                            .owner_uid = state.msg_perm.uid,
                            .mode = state.msg_perm.mode & mode_bits};
}

bool sysv_queue::remove() {
    owned_ = false;
    const long result = call(SYS_msgctl, id_, IPC_RMID, nullptr);
    if (is_gone(result)) return false;
    check(result, "remove System V queue", name_, result == -EPERM ? "only its owner can" : "");
    return true;
}

}  // namespace signet::os
