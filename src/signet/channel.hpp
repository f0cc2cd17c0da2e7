// SPDX-License-Identifier: Apache-2.0
// `channel<T>` is one end of a conversation with another process: messages of type T both ways,
// whole and in order, over the carrier that the address names. `channel<Out, In>` where the two
// directions differ, `raw_channel` for bytes. The other end is accepted by a `listener`.
//
//     signet::channel<request, answer> line{"unix:///run/server.sock"};
//     line.send({.number = 42});
//     while (auto got = line.receive()) use(*got);
//
// A conversation ends in order, when the other end closes, or by death: that is an `error`
// (peer_died). What was sent before is received first, either way.
//
// Thread safety: one thread may send and one receive at the same time; all else is one thread's. To
// flush and to end is to send; to wait for something to receive is to receive. A second one that
// sends, or receives, while the first is at it is a contract_violation. After a
// fork the child must not use it. Throws `error`: peer_died, peer_misbehaved, too_large,
// incompatible_type (field by field), unsupported by the carrier, and what the system refuses.
#pragma once

#include <signet/base/error.hpp>
#include <signet/base/time.hpp>
#include <signet/face/one_thread.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/os/pipe_io.hpp>
#include <signet/transport/channel.hpp>
#include <signet/wire/describe.hpp>
#include <signet/wire/padding.hpp>
#include <signet/wire/payload.hpp>
#include <signet/wire/plan.hpp>

#include <chrono>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signet {

using os::ignore_sigpipe;
using transport::channel_losses;
using transport::channel_options;
using transport::framing;
using transport::name_use;
using transport::peer_identity;

namespace face {
struct channel_access;
}

/// A received message in bytes.
struct raw_message {
    std::span<const std::byte> bytes;  ///< valid until the next receive of its channel
    std::vector<os::descriptor> descriptors;
};

class raw_channel {
public:
    /// Connects to whoever listens at `address`: "unix:///run/x.sock". Throws `error`: nobody
    /// listens there, a bad address or option, the other end refuses us, or does not answer in
    /// time.
    explicit raw_channel(std::string_view address, const channel_options& options = {});

    /// For who implements carriers and listeners; not null.
    explicit raw_channel(std::unique_ptr<transport::channel_end> end) : end_{std::move(end)} {}

    /// Sends one message; may wait for room. False: the other end has closed, or a stop was asked
    /// for.
    bool send(std::span<const std::byte> message, std::stop_token stop = {}) {
        return done(put({}, message, {never, std::move(stop)}));
    }

    /// The same without waiting. False, too: there is no room now.
    bool try_send(std::span<const std::byte> message) {
        return done(put({}, message, transport::patience::none()));
    }

    /// Waits at most for `limit`.
    bool send_for(std::span<const std::byte> message, std::chrono::nanoseconds limit) {
        return done(put({}, message, {after(limit), {}}));
    }

    /// With duplicates of open descriptors beside the message, where the carrier passes them. The
    /// other end takes them if its descriptors_max says so.
    bool send_with(std::span<const std::byte> message, std::span<const int> descriptors,
                   std::stop_token stop = {}) {
        return done(put(descriptors, message, {never, std::move(stop)}));
    }

    /// The parts in a row as one message.
    bool send_parts(std::span<const std::span<const std::byte>> parts, std::stop_token stop = {});

    /// Waits for the next message. None: the other end has closed, or a stop was asked for.
    std::optional<raw_message> receive(std::stop_token stop = {}) {
        return take({never, std::move(stop)});
    }

    /// None, too: nothing is there yet.
    std::optional<raw_message> try_receive() { return take(transport::patience::none()); }
    std::optional<raw_message> receive_for(std::chrono::nanoseconds limit) {
        return take({after(limit), {}});
    }
    std::optional<raw_message> receive_until(deadline limit) { return take({limit, {}}); }

    /// Whether the last receive found that the other end has closed.
    bool ended() const noexcept { return ended_; }

    /// Says that we send no more; the other end goes on, and may be received. Where the carrier
    /// ends both directions at once, an `error` (unsupported).
    void end_sending() {
        const auto alone = be_sender();
        end_->end_sending({});
    }

    /// Waits until the carrier has all that was sent. False: the other end has closed.
    bool flush() {
        const auto alone = be_sender();
        return done(end_->flush({}));
    }

    /// Who is at the other end, as far as the carrier knows.
    peer_identity peer() const { return end_->peer(); }

    /// What did not arrive, where the carrier is not reliable. Belongs to the thread that receives.
    channel_losses losses() const { return end_->losses(); }

    /// For a loop of your own: readable when something may be there, until try_receive() found
    /// nothing. Level-triggered; do not read from it. Valid as long as this.
    int fd() { return end_->fd(); }

    /// For waits over several endpoints.
    std::unique_ptr<transport::waitable> watch(
        transport::direction which = transport::direction::receiving) const {
        return end_->watch(end_, which);
    }

protected:
    raw_channel(std::string_view address, const transport::channel_types& types,
                const channel_options& options);

    static bool done(transport::flow became) noexcept { return became == transport::flow::done; }

    /// For one who sends, and one who receives, as long as they live.
    face::one_thread::stay be_sender() {
        return {sending_, "send on a channel on which another thread is sending"};
    }
    face::one_thread::stay be_receiver() {
        return {receiving_, "receive from a channel from which another thread is receiving"};
    }

    transport::flow put(std::span<const int> descriptors, std::span<const std::byte> message,
                        const transport::patience& limit) {
        const auto alone = be_sender();
        return put_alone(descriptors, message, limit);
    }
    transport::flow put_alone(std::span<const int> descriptors, std::span<const std::byte> message,
                              const transport::patience& limit) {
        return end_->send({.parts = {&message, 1}, .descriptors = descriptors}, limit);
    }
    std::optional<raw_message> take(const transport::patience& limit) {
        const auto alone = be_receiver();
        return take_alone(limit);
    }
    std::optional<raw_message> take_alone(const transport::patience& limit);
    transport::channel_end& end() noexcept { return *end_; }

private:
    friend face::channel_access;

    std::shared_ptr<transport::channel_end> end_;
    bool ended_ = false;
    bool awaited_ = false;  ///< a task or an operation of a loop receives
    face::one_thread sending_;
    face::one_thread receiving_;
};

namespace face {

/// Valid for the life of the process.
template <class T>
const wire::type_descriptor* channel_type() {
    static_assert(wire::require_encodable<T>());
    return &wire::descriptor_of<T>();
}

}  // namespace face

template <class Out, class In = Out>
class channel : private raw_channel {
public:
    explicit channel(std::string_view address, const channel_options& options = {})
        : raw_channel{address, types(), options} {}
    explicit channel(std::unique_ptr<transport::channel_end> end) : raw_channel{std::move(end)} {}

    /// What this end says of the two directions.
    static transport::channel_types types() {
        return {.sends = face::channel_type<Out>(), .receives = face::channel_type<In>()};
    }

    /// As those of raw_channel.
    bool send(const Out& message, std::stop_token stop = {}) {
        return done(put_typed(message, {}, {never, std::move(stop)}));
    }
    bool try_send(const Out& message) {
        return done(put_typed(message, {}, transport::patience::none()));
    }
    bool send_for(const Out& message, std::chrono::nanoseconds limit) {
        return done(put_typed(message, {}, {after(limit), {}}));
    }
    bool send_with(const Out& message, std::span<const int> descriptors,
                   std::stop_token stop = {}) {
        return done(put_typed(message, descriptors, {never, std::move(stop)}));
    }

    std::optional<In> receive(std::stop_token stop = {}) {
        return take_typed({never, std::move(stop)});
    }
    std::optional<In> try_receive() { return take_typed(transport::patience::none()); }
    std::optional<In> receive_for(std::chrono::nanoseconds limit) {
        return take_typed({after(limit), {}});
    }
    std::optional<In> receive_until(deadline limit) { return take_typed({limit, {}}); }

    /// Those that came with the last message.
    std::vector<os::descriptor> take_descriptors() { return std::exchange(descriptors_, {}); }

    using raw_channel::end_sending;
    using raw_channel::ended;
    using raw_channel::fd;
    using raw_channel::flush;
    using raw_channel::losses;
    using raw_channel::peer;
    using raw_channel::watch;

private:
    friend face::channel_access;

    transport::flow put_typed(const Out& message, std::span<const int> descriptors,
                              const transport::patience& limit) {
        const auto alone = be_sender();
        if constexpr (!wire::in_place<Out>) {
            sent_.resize(wire::payload_of<Out>::bytes(message));
            wire::payload_of<Out>::encode(message, sent_);
            return put_alone(descriptors, sent_, limit);
        } else if constexpr (wire::has_padding<Out>) {
            sent_.resize(sizeof(Out));
            wire::copy_without_padding(sent_.data(), message);
            return put_alone(descriptors, sent_, limit);
        } else {
            return put_alone(descriptors, std::as_bytes(std::span{&message, 1}), limit);
        }
    }

    std::optional<In> take_typed(const transport::patience& limit) {
        const auto alone = be_receiver();
        auto got = take_alone(limit);
        if (!got) return std::nullopt;
        descriptors_ = std::move(got->descriptors);
        if constexpr (wire::in_place<In>) {
            if (got->bytes.size() != sizeof(In)) complain_of_size(got->bytes.size());
            In message;
            std::memcpy(&message, got->bytes.data(), sizeof(In));
            return message;
        } else {
            if (!plan_) plan_ = make_plan();
            return wire::payload_of<In>::decode(got->bytes, *plan_);
        }
    }

    wire::reading_plan make_plan() {
        const wire::type_descriptor* theirs = end().peer_sends();
        if (theirs == nullptr) return {};
        return wire::plan_reading(*face::channel_type<In>(), *theirs);
    }

    [[noreturn]] static void complain_of_size(std::size_t bytes) {
        throw error{errc::peer_misbehaved, "receive from channel", face::channel_type<In>()->name(),
                    "it has " + std::to_string(sizeof(In)) + " bytes, the message has " +
                        std::to_string(bytes)};
    }

    std::vector<std::byte> sent_;
    std::vector<os::descriptor> descriptors_;
    std::optional<wire::reading_plan> plan_;
};

}  // namespace signet
