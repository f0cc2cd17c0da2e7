// SPDX-License-Identifier: Apache-2.0
// The address of a channel over message queues, and the queue of a listener, which bears that name
// and is marked by a lock that the kernel lets go when its owner dies: one that a killed listener
// left is replaced, a living one's is refused. The lock is on the queue itself, so that whoever
// sees the name sees the lock. One thread.
#pragma once

#include <signet/os/posix_queue.hpp>
#include <signet/transport/mq/mq_knock.hpp>

#include <string>

namespace signet::transport::mq {

/// So many who connect may wait at once; the next one waits for room.
inline constexpr os::posix_queue_geometry door_geometry{.messages_max = 10,
                                                        .message_bytes_max = sizeof(knock)};

class mq_name {
public:
    /// `where` is "/name". Throws `error` (bad_name).
    explicit mq_name(const std::string& where);

    /// "mq:///name"
    const std::string& text() const noexcept { return text_; }

    /// The queue of a new listener, marked. Throws `error`: a living process listens there, the
    /// name is another queue's, a limit.
    os::posix_queue listen() const;

    /// The queue of the one who listens there. Throws `error`: nobody does.
    os::posix_queue find() const;

    /// Nobody does.
    [[noreturn]] void complain_of_absence() const;

private:
    bool remove_left() const;
    void refuse_foreign(const os::posix_queue& found) const;

    std::string queue_;
    std::string text_;
};

/// The name that unnamed queues of this user bear while they are made.
std::string passing_name();

}  // namespace signet::transport::mq
