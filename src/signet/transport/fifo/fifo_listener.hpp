// SPDX-License-Identifier: Apache-2.0
// Named pipes with ends that know nothing of Signet, such as a shell: <path>.in, which the listener
// reads, and <path>.out, which it writes. A conversation begins when somebody has written to
// <path>.in, or opened and closed it; its input ends when nobody has that open any more. There is
// one at a time, since all who open the two names share them.
//
// The other end may open the names in any order and at any time, also <path>.out when all is
// written and over, as in `echo question > path.in; read answer < path.out`: what was written waits
// for it while the conversation lasts, and for `linger` afterwards.
#pragma once

#include <signet/os/epoll.hpp>
#include <signet/os/fifo.hpp>
#include <signet/transport/channel.hpp>
#include <signet/transport/fifo/fifo_end.hpp>
#include <signet/transport/fifo/fifo_place.hpp>
#include <signet/transport/patient_wait.hpp>

#include <memory>
#include <optional>
#include <string>

namespace signet::transport::fifo {

/// Talks with whoever reads <path>.in and writes <path>.out. Throws `error` as carrier::connect.
std::unique_ptr<channel_end> talk_plainly(const fifo_place& where, const channel_types& types,
                                          const channel_options& options);

class plain_listener final : public channel_listener {
public:
    /// Makes the names, or takes over those that `mkfifo` made. Throws `error`: a living process
    /// listens there, or something else has the names.
    plain_listener(fifo_place where, const channel_types& types, const channel_options& options);

    /// Throws `error` (limit_reached) while the channel that was accepted before lives.
    std::unique_ptr<channel_end> accept(const patience& limit) override;
    std::string address() const override { return names_->where.text(); }

    /// After a conversation it is of use again from the next accept() on.
    int fd() override { return waiting_.fd(); }

private:
    /// Shared with the conversation, which may outlive the listener.
    struct names {
        explicit names(fifo_place place);

        fifo_place where;
        os::fifo in;
        os::fifo out;
        os::fifo_reader kept;  ///< never read: what is written between conversations stays
    };
    class end;

    /// Our ends, which are open before anybody comes, so that nobody hangs who opens the others.
    struct ends {
        explicit ends(const fifo_place& where);

        os::fifo_reader reader;
        os::fifo_reader anchor;  ///< of the pipe that we write: it keeps what is read late
        os::fifo_writer writer;
    };

    void open_ends();

    std::shared_ptr<names> names_;
    std::optional<ends> ends_;  ///< of the next conversation; none during one
    os::epoll waiting_;
    channel_types types_;
    channel_options options_;
    stop_bell bell_;
};

}  // namespace signet::transport::fifo
