// SPDX-License-Identifier: Apache-2.0
#include <signet/os/posix_queue.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/kernel_setting.hpp>
#include <signet/os/poll.hpp>

#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <vector>

namespace signet::os {
namespace {

constexpr const char* messages_setting = "/proc/sys/fs/mqueue/msg_max";
constexpr const char* message_bytes_setting = "/proc/sys/fs/mqueue/msgsize_max";
constexpr const char* mq_queues_setting = "/proc/sys/fs/mqueue/queues_max";
constexpr std::size_t queue_name_bytes_max = 255;
constexpr int queue_flags = O_RDWR | O_NONBLOCK | O_CLOEXEC;

// In the past, so that a call does not wait even where somebody who has the same open file made it
// blocking.
constexpr std::timespec at_once{};

// The kernel takes the name without the slash that stands before it in mq_open.
const char* kernel_name(const std::string& name) {
    const std::size_t start = name.starts_with('/') ? 1 : 0;
    const std::size_t bytes = name.size() - start;
    const std::string rest = name.substr(start);
    const bool good = bytes > 0 && bytes <= queue_name_bytes_max && rest != "." && rest != ".." &&
                      rest.find('/') == std::string::npos && rest.find('\0') == std::string::npos;
    if (!good) {
        throw error{errc::bad_name, "name a message queue", name,
                    "1 to 255 bytes, and no '/' but perhaps one at the front"};
    }
    return name.c_str() + start;
}

std::optional<std::uint64_t> queue_bytes_max() {
    rlimit limit{};
    const long result = call(SYS_prlimit64, 0, RLIMIT_MSGQUEUE, nullptr, &limit);
    if (result < 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
    return limit.rlim_cur;
}

std::string now(std::optional<std::uint64_t> value) {
    return value ? ", now " + std::to_string(*value) : std::string{};
}

std::string setting_now(const char* path) {
    return path + now(kernel_setting(path));
}

std::string room_advice() {
    return "raise the limit of this user's queues (ulimit -q" + now(queue_bytes_max()) +
           " bytes) or of open files (ulimit -n), ask for less, or remove queues";
}

std::string creation_advice(long result) {
    switch (-result) {
        case EEXIST: return "open it; or remove it first, if it was left by a process that died";
        case EINVAL:
            return std::string{"raise "} + setting_now(messages_setting) + " messages, or " +
                   setting_now(message_bytes_setting) + " bytes a message, or ask for less";
        case ENOSPC: return std::string{"raise "} + setting_now(mq_queues_setting) + " queues";
        case EMFILE:
        case EOVERFLOW: return room_advice();
        default: return {};
    }
}

std::string described(const std::string& name, const posix_queue_geometry& geometry) {
    return name + " (" + std::to_string(geometry.messages_max) + " messages of " +
           std::to_string(geometry.message_bytes_max) + " bytes)";
}

mq_attr attributes_of(const descriptor& queue) {
    mq_attr found{};
    check(call(SYS_mq_getsetattr, queue.get(), nullptr, &found), "inspect message queue");
    return found;
}

// A time that passed at once means the same as a call that would wait.
bool would_wait(long result) {
    return result == -EAGAIN || result == -ETIMEDOUT;
}

bool same_file(const descriptor& one, const descriptor& other) {
    struct stat a{};
    struct stat b{};
    if (call(SYS_fstat, one.get(), &a) < 0 || call(SYS_fstat, other.get(), &b) < 0) return false;
    return a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

}  // namespace

posix_queue_limits current_posix_queue_limits() {
    return {.messages_max = kernel_setting(messages_setting),
            .message_bytes_max = kernel_setting(message_bytes_setting),
            .queues_max = kernel_setting(mq_queues_setting),
            .bytes_max = queue_bytes_max()};
}

posix_queue posix_queue::create(const std::string& name, const posix_queue_geometry& geometry,
                                unsigned mode) {
    if (geometry.messages_max == 0 || geometry.message_bytes_max == 0) {
        throw contract_violation{"posix_queue::create: a queue has room for a message"};
    }
    mq_attr wanted{};
    wanted.mq_maxmsg = static_cast<long>(geometry.messages_max);
    wanted.mq_msgsize = static_cast<long>(geometry.message_bytes_max);
    // EINTR: nothing here waits for anybody, so it can only come before anything was made.
    const long number = call_uninterrupted(SYS_mq_open, kernel_name(name),
                                           queue_flags | O_CREAT | O_EXCL, private_mode, &wanted);
    const std::string advice = number < 0 ? creation_advice(number) : "";
    check(number, "create message queue", described(name, geometry), advice);
    descriptor queue{static_cast<int>(number)};
    posix_queue made{std::move(queue), name, true};
    check(call(SYS_fchmod, made.fd(), mode), "set the mode of message queue", name);
    made.geometry_ = geometry;
    return made;
}

posix_queue posix_queue::open(const std::string& name) {
    const long number = call_uninterrupted(SYS_mq_open, kernel_name(name), queue_flags, 0, nullptr);
    const bool absent = number == -ENOENT;
    const bool forbidden = number == -EACCES;
    check(number, "open message queue", name,
          absent      ? "nobody has created it in this IPC namespace, or it was removed"
          : forbidden ? "its owner created it for others than this user"
                      : "");
    return adopt(descriptor{static_cast<int>(number)}, name);
}

posix_queue posix_queue::adopt(descriptor queue, std::string name) {
    posix_queue opened{std::move(queue), std::move(name), false};
    const mq_attr found = attributes_of(opened.queue_);
    opened.geometry_ = {static_cast<std::size_t>(found.mq_maxmsg),
                        static_cast<std::size_t>(found.mq_msgsize)};
    return opened;
}

bool posix_queue::remove(const std::string& name) {
    const long result = call(SYS_mq_unlink, kernel_name(name));
    if (result == -ENOENT) return false;
    check(result, "remove message queue", name,
          result == -EACCES || result == -EPERM ? "only its owner can" : "");
    return true;
}

posix_queue::posix_queue(descriptor queue, std::string name, bool owned)
    : queue_{std::move(queue)}, name_{std::move(name)}, owned_{owned} {}

posix_queue& posix_queue::operator=(posix_queue&& other) noexcept {
    posix_queue old{std::move(*this)};
    queue_ = std::move(other.queue_);
    name_ = std::move(other.name_);
    owned_ = other.owned_;
    here_ = other.here_;
    geometry_ = other.geometry_;
    return *this;
}

posix_queue::~posix_queue() {
    if (queue_ && owned_ && here_.still()) remove_own_name();
}

// Somebody may have removed the name and made another queue under it.
void posix_queue::remove_own_name() noexcept {
    const char* name = name_.c_str() + (name_.starts_with('/') ? 1 : 0);
    const descriptor there{
        static_cast<int>(call(SYS_mq_open, name, O_RDONLY | O_CLOEXEC, 0, nullptr))};
    if (!there || same_file(queue_, there)) call(SYS_mq_unlink, name);
}

bool posix_queue::bears_name() const {
    const char* name = name_.c_str() + (name_.starts_with('/') ? 1 : 0);
    const long number = call(SYS_mq_open, name, O_RDONLY | O_CLOEXEC, 0, nullptr);
    if (number == -ENOENT || number == -EACCES) return false;
    const descriptor there{static_cast<int>(check(number, "open message queue", name_))};
    return same_file(queue_, there);
}

long posix_queue::put(std::span<const std::byte> message, unsigned priority, const void* timeout) {
    if (priority > priority_max) {
        throw contract_violation{"posix_queue: a priority is at most 32767"};
    }
    if (message.size() > geometry_.message_bytes_max) {
        throw error{errc::too_large, "send to message queue", name_,
                    std::to_string(message.size()) + " bytes, where it was created for " +
                        std::to_string(geometry_.message_bytes_max)};
    }
    // EINTR: nothing was sent yet, and the wait, where there is one, has no end.
    return call_uninterrupted(SYS_mq_timedsend, fd(), message.data(), message.size(), priority,
                              timeout);
}

bool posix_queue::try_send(std::span<const std::byte> message, unsigned priority) {
    const long result = put(message, priority, &at_once);
    if (would_wait(result)) return false;
    check(result, "send to message queue", name_);
    return true;
}

bool posix_queue::send(std::span<const std::byte> message, unsigned priority, deadline until) {
    while (!try_send(message, priority)) {
        if (!wait_writable(fd(), until)) return false;
    }
    return true;
}

void posix_queue::send(std::span<const std::byte> message, unsigned priority) {
    check(put(message, priority, nullptr), "send to message queue", name_);
}

long posix_queue::take(std::span<std::byte> buffer, unsigned& priority, const void* timeout) {
    if (buffer.size() < geometry_.message_bytes_max) {
        throw error{errc::too_large, "receive from message queue", name_,
                    "give a buffer for its largest message, " +
                        std::to_string(geometry_.message_bytes_max) + " bytes"};
    }
    // EINTR: nothing was taken yet, and the wait, where there is one, has no end.
    return call_uninterrupted(SYS_mq_timedreceive, fd(), buffer.data(), buffer.size(), &priority,
                              timeout);
}

std::optional<posix_message> posix_queue::try_receive(std::span<std::byte> buffer) {
    unsigned priority = 0;
    const long result = take(buffer, priority, &at_once);
    if (would_wait(result)) return std::nullopt;
    check(result, "receive from message queue", name_);
    return posix_message{static_cast<std::size_t>(result), priority};
}

std::optional<posix_message> posix_queue::receive(std::span<std::byte> buffer, deadline until) {
    for (;;) {
        if (const auto message = try_receive(buffer)) return message;
        if (!wait_readable(fd(), until)) return std::nullopt;
    }
}

posix_message posix_queue::receive(std::span<std::byte> buffer) {
    unsigned priority = 0;
    const long result = check(take(buffer, priority, nullptr), "receive from message queue", name_);
    return {static_cast<std::size_t>(result), priority};
}

void posix_queue::wait_in_calls() {
    const mq_attr blocking{};
    check(call(SYS_mq_getsetattr, fd(), &blocking, nullptr), "set up message queue", name_);
}

void posix_queue::drain() noexcept try {
    std::vector<std::byte> unwanted(geometry_.message_bytes_max);
    for (std::size_t i = 0; i < geometry_.messages_max; ++i) {
        if (!try_receive(unwanted)) return;
    }
} catch (const std::exception&) {
    // no memory for it: what is there stays
}

void posix_queue::notify_by_signal(int number) {
    sigevent how{};
    how.sigev_notify = SIGEV_SIGNAL;
    how.sigev_signo = number;
    const long result = call(SYS_mq_notify, fd(), &how);
    check(result, "be notified by message queue", name_,
          result == -EBUSY ? "one process at a time can be; watch its descriptor instead" : "");
}

void posix_queue::stop_notifying() {
    check(call(SYS_mq_notify, fd(), nullptr), "stop notifications of message queue", name_);
}

std::size_t posix_queue::size() const {
    return static_cast<std::size_t>(attributes_of(queue_).mq_curmsgs);
}

}  // namespace signet::os
