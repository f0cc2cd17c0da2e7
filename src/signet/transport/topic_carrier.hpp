// SPDX-License-Identifier: Apache-2.0
// The contract of a carrier of topics. The user's publisher or subscriber is always the engine of
// shared memory (transport/shm/), under a name that nobody else can join; what a carrier adds is a
// relay between that engine and the rest of the world. A relay never blocks: one thread of the
// context drives all of them, and calls each when something that it waits for is there.
//
// A carrier of channels gets topics for nothing (relay/channel_outlet.hpp, channel_inlet.hpp); one
// that carries topics by itself, such as multicast, says `support::native` and gives its own relays
// (carrier::topics()). docs/design/topics-over-channels.md says why it is so.
//
// Thread safety: all of it belongs to the relay thread, but for topic_carrier::publish() and
// subscribe(), which the user's thread calls before the relay runs. What came from elsewhere is
// checked by who carries it: number, length and text; the rest is checked here.
#pragma once

#include <signet/base/error.hpp>
#include <signet/base/time.hpp>
#include <signet/os/epoll.hpp>
#include <signet/transport/told_members.hpp>
#include <signet/transport/topic.hpp>
#include <signet/transport/waitable.hpp>
#include <signet/wire/descriptor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <thread>

namespace signet::transport {

/// The longest message that a relay takes on its way.
inline constexpr std::uint64_t relayed_bytes_max = std::uint64_t{64} << 20;

/// A message on its way between two processes.
struct relayed_message {
    std::uint64_t number = 0;       ///< its place among the messages of its publisher, from 0
    std::uint64_t time_ns = 0;      ///< when it was published, by our clock; 0: not told
    std::uint64_t lost_before = 0;  ///< lost since the one before; other gaps were passed over
    std::span<const std::byte> bytes{};
};

/// Who is at the other end, for the events and statuses of this one.
struct remote_end {
    std::uint64_t endpoint = 0;  ///< as it says; for people and for nothing else
    int pid = 0;                 ///< 0 where this process cannot know it
    std::string command{};       ///< for people: "robotd at 192.0.2.1:4711"
};

/// What the user's publisher publishes, for one reader elsewhere, which has its own policy,
/// history and rate. While it is not read, what the policy says happens: the publisher waits, or
/// messages are lost and counted, or only the newest is kept.
class topic_reader {
public:
    topic_reader() = default;
    virtual ~topic_reader() = default;  ///< it left, unless end() said otherwise
    topic_reader(const topic_reader&) = delete;
    topic_reader& operator=(const topic_reader&) = delete;

    /// The next message, which lies in the publisher's memory where it is large; null: none now.
    /// Valid until the next call. Throws `error`: the publisher refuses this reader (its type, a
    /// limit), or evicted it.
    virtual const relayed_message* next() = 0;

    /// Whether the publisher has taken it in; only next() finds that out.
    virtual bool joined() const = 0;

    /// How it ends, for the publisher's events.
    virtual void end(topic_event::kind how, std::string reason) = 0;

    /// Ready when next() may find something.
    virtual std::unique_ptr<waitable> watch() = 0;
};

/// What one publisher elsewhere sends, for the user's subscriber.
class topic_writer {
public:
    topic_writer() = default;
    virtual ~topic_writer() = default;  ///< it left, unless end() said otherwise
    topic_writer(const topic_writer&) = delete;
    topic_writer& operator=(const topic_writer&) = delete;

    /// False: there is no room now, or the subscriber has not joined yet; say it again when watch()
    /// is ready. Throws `error`: the subscriber refuses this publisher; peer_misbehaved where the
    /// number does not rise, or the length is not that of the type.
    virtual bool put(const relayed_message& message) = 0;

    /// How it ends, for the subscriber's events.
    virtual void end(topic_event::kind how, std::string reason) = 0;

    /// Ready when put() may succeed, or throws.
    virtual std::unique_ptr<waitable> watch() = 0;
};

/// The user's publisher, for a relay.
class local_publisher {
public:
    local_publisher() = default;
    virtual ~local_publisher() = default;
    local_publisher(const local_publisher&) = delete;
    local_publisher& operator=(const local_publisher&) = delete;

    virtual std::uint64_t endpoint() const = 0;
    virtual const wire::type_descriptor& type() const = 0;
    virtual std::uint64_t payload_bytes_max() const = 0;
    virtual std::size_t subscribers_max() const = 0;

    /// A reader of its own, for `who`. `theirs`: the type that it reads messages as; null: any.
    /// Whether the publisher takes it in is told by next().
    virtual std::unique_ptr<topic_reader> read(const remote_end& who,
                                               const subscriber_options& options,
                                               const wire::type_descriptor* theirs) = 0;

    /// An event of the publisher about one that is no reader of it: refused.
    virtual void tell(topic_event::kind what, const remote_end& who, std::string reason) = 0;
};

/// The user's subscriber, for a relay.
class local_subscriber {
public:
    local_subscriber() = default;
    virtual ~local_subscriber() = default;
    local_subscriber(const local_subscriber&) = delete;
    local_subscriber& operator=(const local_subscriber&) = delete;

    virtual std::uint64_t endpoint() const = 0;
    virtual const subscriber_options& options() const = 0;

    /// The type that it reads messages as; null: any.
    virtual const wire::type_descriptor* type() const = 0;

    /// A publisher `who` that sends messages of `type`, of at most `payload_bytes_max` bytes.
    /// Throws `error` where such messages cannot be: too_large, no memory.
    virtual std::unique_ptr<topic_writer> write(const remote_end& who,
                                                const wire::type_descriptor& type,
                                                std::uint64_t payload_bytes_max) = 0;

    /// A publisher that cannot be joined: an event, and once an error of receive.
    virtual void refused(const remote_end& who, const error& why) = 0;
};

class topic_relay;

/// What one relay waits for. Valid in its calls only.
class relay_waits {
public:
    relay_waits() = default;
    virtual ~relay_waits() = default;
    relay_waits(const relay_waits&) = delete;
    relay_waits& operator=(const relay_waits&) = delete;

    /// work() is called whenever it is ready. As with wait_engine; ends with the relay.
    virtual wait_key add(std::unique_ptr<waitable> endpoint) = 0;
    virtual wait_key add_descriptor(int fd, os::interest wanted) = 0;
    virtual void remove(wait_key which) = 0;
    virtual void enable(wait_key which, bool wanted) = 0;

    /// Calls work() at this time, once; the last word counts.
    virtual void wake_at(deadline when) = 0;

    /// Calls work() again when the others had their turn: more is there than one turn is for.
    virtual void again() = 0;

    /// Another relay that ends with the user's endpoint. Its first call follows soon.
    virtual void start(std::unique_ptr<topic_relay> one) = 0;

    /// A thread of its own that ends by itself, such as one that looks up a name; waited for when
    /// the last relay of the context is gone.
    virtual void leave(std::thread helper) = 0;
};

/// What is between the user's endpoint and others elsewhere.
class topic_relay {
public:
    topic_relay() = default;
    virtual ~topic_relay() = default;
    topic_relay(const topic_relay&) = delete;
    topic_relay& operator=(const topic_relay&) = delete;

    enum class state { going, over };

    /// Does what can be done now. Called once at first, then whenever something that it waits for
    /// is ready. `over`, or anything thrown: it is destroyed.
    virtual state work(relay_waits& waits) = 0;

    /// The user's endpoint goes: as work(), until it is `over`, or the time is up.
    virtual state finish(relay_waits& waits) {
        static_cast<void>(waits);
        return state::over;
    }
};

/// How a carrier carries topics. No state; any thread.
class topic_carrier {
public:
    topic_carrier() = default;
    virtual ~topic_carrier() = default;
    topic_carrier(const topic_carrier&) = delete;
    topic_carrier& operator=(const topic_carrier&) = delete;

    struct started {
        std::unique_ptr<topic_relay> first;
        std::string address;  ///< where others find it, with what the system chose (a port)
    };

    /// `where` is an address without its scheme. What it is given lasts as long as the relay.
    /// Throws `error`: a bad address, one that is taken, unsupported.
    virtual started publish(const std::string& where, local_publisher& from) const = 0;
    virtual started subscribe(const std::string& where, local_subscriber& to) const = 0;

    /// The longest message.
    virtual std::uint64_t message_bytes_max() const noexcept { return relayed_bytes_max; }
};

}  // namespace signet::transport
