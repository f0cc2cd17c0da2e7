// SPDX-License-Identifier: Apache-2.0
#include <signet/os/file_watch.hpp>

#include <signet/os/kernel.hpp>
#include <signet/os/kernel_setting.hpp>
#include <signet/os/poll.hpp>

#include <sys/inotify.h>
#include <sys/syscall.h>

#include <array>
#include <string>

namespace signet::os {
namespace {

constexpr const char* instances_setting = "/proc/sys/fs/inotify/max_user_instances";
constexpr const char* watches_setting = "/proc/sys/fs/inotify/max_user_watches";

// Removal and replacement change the number of the file's names, which is an attribute.
constexpr std::uint32_t watched_changes = IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF;

descriptor open_queue() {
    const long number = call(SYS_inotify_init1, IN_CLOEXEC | IN_NONBLOCK);
    const bool many = number == -EMFILE;
    const std::string advice =
        many ? raise_setting(instances_setting) + ", or the limit of open files (ulimit -n)" : "";
    return descriptor{static_cast<int>(check(number, "watch files", "inotify", advice))};
}

void add_watch(const descriptor& queue, const file& watched) {
    const std::string itself = "/proc/self/fd/" + std::to_string(watched.fd());
    const long result = call(SYS_inotify_add_watch, queue.get(), itself.c_str(), watched_changes);
    const std::string advice = result == -ENOSPC ? raise_setting(watches_setting) : "";
    check(result, "watch file", watched.path(), advice);
}

}  // namespace

file_watch::file_watch(const file& watched) : queue_{open_queue()} {
    add_watch(queue_, watched);
}

bool file_watch::wait(deadline until) const {
    return wait_readable(queue_.get(), until);
}

bool file_watch::drain() {
    alignas(inotify_event) std::array<char, 4096> events;
    bool any = false;
    // Bounded: a writer that never rests is drained again with the next look.
    for (int part = 0; part < 16; ++part) {
        // EINTR: nothing was taken yet.
        const long bytes = call_uninterrupted(SYS_read, queue_.get(), events.data(), events.size());
        if (bytes == -EAGAIN) return any;
        check(bytes, "read what happened to a watched file");
        any = true;
    }
    return any;
}

watch_limits current_watch_limits() {
    return {.instances_max = kernel_setting(instances_setting),
            .watches_max = kernel_setting(watches_setting)};
}

}  // namespace signet::os
