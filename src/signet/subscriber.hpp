// SPDX-License-Identifier: Apache-2.0
// `subscriber<T>` receives the messages that every `publisher<T>` of a name sends, in this process
// and others, now and later. The name may be a pattern: `robot/*` is each topic with exactly one
// more part, `robot/**` each one below robot, and robot itself.
//
// A plain T is received as its bytes: small messages are copied out of the ring; larger ones are
// read in place, and their memory is held until the sample is gone. Any other T (strings, vectors,
// maps, optionals, types with a codec) is made anew for each sample; publishers may have an older
// or newer version of it, with other optional fields.
//
// Thread safety: one thread at a time, but for try_event() and deadlines_missed(). Nobody can make
// it wait for ever: a wait ends by its event, a deadline, or a stop. What a publisher committed
// before it died is still received. Throws `error` once for each publisher that cannot be joined
// (another type, a limit) or that evicted us, for a message that is not what its publisher said it
// would be, and in a forked child; the subscriber goes on with the others. Publishers that a
// pattern takes in may well send something else than T: there another type is an event (refused)
// and no error.
#pragma once

#include <signet/context.hpp>
#include <signet/face/receiver.hpp>
#include <signet/face/sample.hpp>
#include <signet/wire/payload.hpp>

#include <string_view>

namespace signet {

template <class T>
class subscriber : public receiver<sample<T>> {
    static_assert(wire::require_encodable<T>());

public:
    /// Joins the topic `name` ("robot/pose"), or all topics that a pattern ("robot/*") matches.
    /// Publishers are found in the background. Throws `error`: a bad name or option, no memory, a
    /// rendezvous directory that cannot be used.
    explicit subscriber(std::string_view name, const subscriber_options& options = {})
        : subscriber{context::shared(), name, options} {}

    subscriber(const context& in, std::string_view name, const subscriber_options& options = {})
        : receiver<sample<T>>{in.plane(), name, &transport::shm::descriptor_for<T>(), options} {}
};

}  // namespace signet
