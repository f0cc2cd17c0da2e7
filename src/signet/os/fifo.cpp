// SPDX-License-Identifier: Apache-2.0
#include <signet/os/fifo.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/name_guard.hpp>
#include <signet/os/poll.hpp>
#include <signet/os/process.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <array>

namespace signet::os {
namespace {

// A writer without readers is in error, which poll tells whatever it is asked for.
bool has_readers(int writing) {
    pollfd one{.fd = writing, .events = POLLOUT, .revents = 0};
    const timespec at_once{};
    // EINTR: nothing was waited for, so it is asked again
    check(call_uninterrupted(SYS_ppoll, &one, 1, &at_once, nullptr, 0), "look for readers");
    return (one.revents & POLLERR) == 0;
}

// Readable when somebody has opened the pipe, or with `events` IN_CLOSE also closed it.
descriptor watch_opens(const std::string& link, const std::string& path, unsigned events) {
    const long number = call(SYS_inotify_init1, IN_CLOEXEC | IN_NONBLOCK);
    const char* advice =
        number == -EMFILE ? "raise /proc/sys/fs/inotify/max_user_instances, or ulimit -n" : "";
    check(number, "watch for readers of", path, advice);
    descriptor watch{static_cast<int>(number)};
    check(call(SYS_inotify_add_watch, watch.get(), link.c_str(), events), "watch for readers of",
          path);
    return watch;
}

// EINTR, EAGAIN: what was not taken now only makes the next wait end early.
void drain_watch(const descriptor& watch) {
    alignas(inotify_event) std::array<char, 4096> events;
    call(SYS_read, watch.get(), events.data(), events.size());
}

// A writing end that nobody reads from yet: the kernel gives one only while there is a reader, so
// we are one for an instant. From then on a reader that opens finds a writer and does not hang, and
// the watch tells of it; one that hangs in its open already goes on.
descriptor open_without_reader(const fifo_name& name) {
    const descriptor both = name.open(O_RDWR | O_NONBLOCK);
    return name.open(O_WRONLY | O_NONBLOCK);
}

std::optional<descriptor> wait_for_reader(const fifo_name& name, deadline until) {
    const descriptor watch = watch_opens(name.link(), name.path(), IN_OPEN);
    descriptor writing = open_without_reader(name);
    while (!has_readers(writing.get())) {
        if (!wait_readable(watch.get(), until)) return std::nullopt;
        drain_watch(watch);
    }
    return writing;
}

// With a reader there, or the wish not to wait, nothing else is needed.
std::optional<descriptor> open_to_write(const fifo_name& name, deadline until) {
    const long number = name.try_open(O_WRONLY | O_NONBLOCK);
    if (number >= 0) {
        descriptor writing{static_cast<int>(number)};
        // the reader may be another writer that looks for one, as in open_without_reader
        if (has_readers(writing.get())) return writing;
    } else if (number != -ENXIO) {
        name.check_open(number);
    }
    if (until == deadline::min()) return std::nullopt;
    return wait_for_reader(name, until);
}

// True where it was there before: the lock is ours, so its owner is dead.
bool create_or_take_over(int place, const std::string& name, const std::string& path,
                         unsigned mode) {
    const long made = call(SYS_mknodat, place, name.c_str(), S_IFIFO | mode, 0);
    if (made == -EEXIST) return true;
    check(made, "create named pipe", path);
    return false;
}

void check_owner(const fifo_name& pipe) {
    if (pipe.owner_uid() == current_uid()) return;
    throw error{errc::untrusted, "create named pipe", pipe.path(),
                "user " + std::to_string(pipe.owner_uid()) + " has one of that name there"};
}

}  // namespace

fifo::fifo(const directory& place, std::string_view name, unsigned mode)
    : lock_{place, name},
      name_{name},
      stale_{create_or_take_over(lock_.place(), name_, place.path_of(name), mode)} {
    name_guard guard{lock_.place(), name_};
    if (stale_) guard.keep();
    pipe_.emplace(place, name);
    check_owner(*pipe_);
    // the umask has taken bits away
    check(call(SYS_fchmodat, lock_.place(), name_.c_str(), mode), "set the mode of", pipe_->path());
    guard.keep();
}

fifo::~fifo() {
    if (pipe_->is_at(lock_.place(), name_)) call(SYS_unlinkat, lock_.place(), name_.c_str(), 0);
}

fifo_reader fifo_reader::open(const directory& place, std::string_view name, when_writers_go then) {
    const fifo_name found{place, name};
    descriptor reading = found.open(O_RDONLY | O_NONBLOCK);
    if (then != when_writers_go::wait_for_next) return {std::move(reading), descriptor{}, then};
    return {std::move(reading), found.open(O_WRONLY | O_NONBLOCK), then};
}

stream_result fifo_reader::read_some(std::span<std::byte> buffer, deadline until) {
    if (writing_) return os::read_some(nonblocking_pipe_calls, fd(), buffer, until);
    return buffer.empty() ? stream_result{} : read_or_end(buffer, until);
}

stream_result fifo_reader::read_all(std::span<std::byte> buffer, deadline until) {
    std::size_t done = 0;
    while (done < buffer.size()) {
        const stream_result part = read_some(buffer.subspan(done), until);
        done += part.bytes;
        if (part.status != stream_status::moved) return {part.status, done};
    }
    return {stream_status::moved, done};
}

// Without a writer a read answers 0, whether one has been there or not. It was there if we have
// read since the last end, so that a read may wait; or if poll tells of a hang-up, which it does
// only where a writer has come since we opened.
stream_result fifo_reader::read_or_end(std::span<std::byte> buffer, deadline until) {
    if (until == never && read_since_end_ && can_wait()) {
        const stream_result part = os::read_some(pipe_calls, waiting_.get(), buffer, never);
        return part.status == stream_status::ended ? end() : part;
    }
    bool ready = false;
    while (true) {
        const stream_result part =
            os::read_some(nonblocking_pipe_calls, fd(), buffer, deadline::min());
        read_since_end_ = read_since_end_ || part.bytes > 0;
        if (part.status == stream_status::moved) return part;
        if (part.status == stream_status::ended && (ready || read_since_end_)) return end();
        if (!wait_readable(fd(), until)) return {stream_status::timed_out, 0};
        ready = true;
    }
}

// A descriptor for reads that wait in the kernel. Ours waits for nothing: whether it does belongs
// to all that is read through it, and a named pipe knows no RWF_NOWAIT. At the limit of open files
// it goes without: then poll waits.
bool fifo_reader::can_wait() {
    if (waiting_ || waits_by_poll_) return !waits_by_poll_;
    try {
        waiting_ = reopen_pipe(fd(), O_RDONLY | O_NONBLOCK);
        check(call(SYS_fcntl, waiting_.get(), F_SETFL, 0), "have reads wait");
    } catch (const error&) {
        waiting_ = {};
        waits_by_poll_ = true;
    }
    return !waits_by_poll_;
}

// Opened again it knows of no writer, so that a poll waits for the next one. The old descriptor
// stays until then, and with it all bytes.
stream_result fifo_reader::end() {
    if (then_ == when_writers_go::end) return {stream_status::ended, 0};
    reading_ = reopen_pipe(fd(), O_RDONLY | O_NONBLOCK);
    waiting_ = {};
    read_since_end_ = false;
    return {stream_status::ended, 0};
}

std::optional<fifo_writer> fifo_writer::open(const directory& place, std::string_view name,
                                             deadline until) {
    std::optional<descriptor> writing = open_to_write(fifo_name{place, name}, until);
    if (!writing) return std::nullopt;
    return fifo_writer{std::move(*writing)};
}

stream_result fifo_writer::write_some(std::span<const std::byte> bytes, deadline until) {
    return os::write_some(nonblocking_pipe_calls, fd(), bytes, until);
}

stream_result fifo_writer::write_all(std::span<const std::byte> bytes, deadline until) {
    return os::write_all(nonblocking_pipe_calls, fd(), bytes, until);
}

std::size_t fifo_writer::unread_bytes() const {
    int bytes = 0;
    check(call(SYS_ioctl, fd(), FIONREAD, &bytes), "count what a named pipe holds");
    return static_cast<std::size_t>(bytes);
}

// A reader may come and go between two looks: then all was read, or another one may come.
bool fifo_writer::wait_for_taker(deadline until) const {
    const std::string link = "/proc/self/fd/" + std::to_string(fd());
    const descriptor watch = watch_opens(link, "a named pipe", IN_OPEN | IN_CLOSE);
    while (!has_readers(fd()) && unread_bytes() != 0) {
        if (!wait_readable(watch.get(), until)) return false;
        drain_watch(watch);
    }
    return true;
}

}  // namespace signet::os
