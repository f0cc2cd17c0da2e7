// SPDX-License-Identifier: Apache-2.0
// `wait_set`: one thread waits for many things at once: subscribers of any types, channels and
// listeners, descriptors, timers. Each gets a key; wait() says which are ready, all of them,
// beginning with another one each time.
//
// Ready means that there may be something: a message, an event (try_event), an end, an error that
// the next receive throws. So take what is there with try_receive(), and do not rely on it. A
// message is told for as long as it is there; an event is told and then not any more.
//
// Thread safety: one thread, the one its subscribers belong to, and that receives from its
// channels. An endpoint that is destroyed leaves the set by itself; a descriptor must be removed
// before it is closed.
#pragma once

#include <signet/base/time.hpp>
#include <signet/channel.hpp>
#include <signet/context.hpp>
#include <signet/face/raw_queue.hpp>
#include <signet/listener.hpp>
#include <signet/subscriber.hpp>
#include <signet/transport/wait_engine.hpp>

#include <chrono>
#include <cstddef>
#include <span>
#include <stop_token>

namespace signet {

class wait_set {
public:
    using key = transport::wait_key;

    /// Throws `error` at the limit of open files.
    explicit wait_set(wait_mode waiting = wait_mode::adaptive) : engine_{waiting} {}

    /// Throws contract_violation where it is in the set already. If its context has manual drive,
    /// waits drive it from now on.
    template <class Sample>
    key add(const receiver<Sample>& in) {
        return engine_.add(in.watch());
    }

    /// Ready when a message, an end or an error is there to be received.
    template <class Out, class In>
    key add(const channel<Out, In>& in) {
        return engine_.add(in.watch());
    }
    key add(const raw_channel& in) { return engine_.add(in.watch()); }

    /// Ready when a message may be there to be popped, of a queue or a mailbox.
    key add(const face::queue_handle& in) { return engine_.add(in.watch()); }

    /// Ready when somebody may be waiting to be accepted.
    template <class Channel>
    key add(const basic_listener<Channel>& door) {
        return engine_.add(door.watch());
    }

    /// Ready while it is readable. With a descriptor in the set each wait makes a system call.
    /// Throws `error`: it cannot be watched (a regular file), or is in the set already.
    key add_descriptor(int fd);

    /// Ready every so often, from now on. What was not noticed in time is one tick, not many.
    key add_timer(std::chrono::nanoseconds every);

    /// False: it is not in the set.
    bool remove(key which) { return engine_.remove(which); }

    /// Drives a context with manual drive while it waits, also where no subscriber of it is in the
    /// set.
    void drive(const context& one) { engine_.drive(one.plane()); }

    std::size_t size() const { return engine_.size(); }

    /// Waits until something is ready. None: stopped, by the token or by the context of one of the
    /// subscribers. Valid until the next wait. An empty set and no token is a contract_violation.
    std::span<const key> wait(std::stop_token stop = {});

    /// What is ready now.
    std::span<const key> try_wait();

    /// Waits at most for `limit`. None: nothing came, or stopped.
    std::span<const key> wait_for(std::chrono::nanoseconds limit, std::stop_token stop = {});

    /// Waits at most until `limit`.
    std::span<const key> wait_until(deadline limit, std::stop_token stop = {});

private:
    transport::wait_engine engine_;
};

}  // namespace signet
