// SPDX-License-Identifier: Apache-2.0
// What loops do with endpoints of all kinds: take the next thing of one, put a message into one,
// without waiting. A kind of endpoint has its functions here, and every loop can await it.
//
// Thread safety: that of the endpoint.
#pragma once

#include <signet/base/error.hpp>
#include <signet/channel.hpp>
#include <signet/listener.hpp>
#include <signet/queue.hpp>
#include <signet/subscriber.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

namespace signet::face {

// ---- taking -------------------------------------------------------------------------------------

template <class T>
sample<T> take_next(subscriber<T>& from) {
    return from.try_receive();
}
inline std::optional<raw_message> take_next(raw_channel& from) {
    return from.try_receive();
}
template <class Out, class In>
std::optional<In> take_next(channel<Out, In>& from) {
    return from.try_receive();
}
template <class Channel>
std::optional<Channel> take_next(basic_listener<Channel>& from) {
    return from.try_accept();
}

template <class T>
popped<T> take_next(typed_queue<T>& from) {
    return from.try_pop();
}
inline raw_popped take_next(raw_queue& from) {
    return from.try_pop();
}

/// What `From` has: empty where there was nothing.
template <class From>
using taken = decltype(take_next(std::declval<From&>()));

/// Whether nothing will come any more, as the last take_next() found.
template <class From>
bool is_at_end(const From& from) {
    if constexpr (requires { from.ended(); }) {
        return from.ended();
    } else {
        return false;
    }
}

// ---- channels -----------------------------------------------------------------------------------

/// What loops need of a channel and users do not.
struct channel_access {
    static raw_channel& raw(raw_channel& one) noexcept { return one; }
    template <class Out, class In>
    static raw_channel& raw(channel<Out, In>& one) noexcept {
        return one;
    }

    static transport::flow send(raw_channel& to, std::span<const std::byte> message) {
        return to.put({}, message, transport::patience::none());
    }
    template <class Out, class In>
    static transport::flow send(channel<Out, In>& to, const Out& message) {
        return to.put_typed(message, {}, transport::patience::none());
    }
    static transport::flow flush(raw_channel& to) {
        const auto alone = to.be_sender();
        return to.end_->flush(transport::patience::none());
    }
    static bool& awaited(raw_channel& one) noexcept { return one.awaited_; }
};

template <class From>
inline constexpr bool is_channel = requires(From& one) { channel_access::raw(one); };

/// What is received lies in the channel until the next receive, so one at a time receives in a
/// loop: a second one is a contract_violation. Of other endpoints there may be more.
template <class From>
class turn_to_receive {
public:
    explicit turn_to_receive(From& from) : from_{&from} {}
    turn_to_receive(turn_to_receive&& other) noexcept
        : from_{other.from_}, mine_{std::exchange(other.mine_, false)} {}
    turn_to_receive& operator=(turn_to_receive&&) = delete;
    ~turn_to_receive() { give_up(); }

    void take() {
        if constexpr (is_channel<From>) {
            bool& taken = channel_access::awaited(channel_access::raw(*from_));
            if (taken && !mine_) {
                throw contract_violation{"receive from a channel that somebody else awaits"};
            }
            taken = mine_ = true;
        }
    }
    void give_up() noexcept {
        if constexpr (is_channel<From>) {
            if (mine_) channel_access::awaited(channel_access::raw(*from_)) = false;
        }
        mine_ = false;
    }

private:
    From* from_;
    bool mine_ = false;
};

/// One message on its way into a channel, until the carrier has all of it. A message must last as
/// long as this; of bytes the span is kept.
template <class Channel, class Message>
class putting {
public:
    putting(Channel& to, const Message& message) : to_{&to}, message_{message} {}

    /// True: it is over.
    bool look() {
        if (became_ != transport::flow::done) became_ = channel_access::send(*to_, message_);
        if (became_ != transport::flow::done) return became_ == transport::flow::ended;
        return channel_access::flush(channel_access::raw(*to_)) != transport::flow::timed_out;
    }
    bool sent() const noexcept { return became_ == transport::flow::done; }
    std::unique_ptr<transport::waitable> watch() const {
        return to_->watch(transport::direction::sending);
    }

private:
    static constexpr bool in_bytes = std::is_same_v<Message, std::span<const std::byte>>;

    Channel* to_;
    std::conditional_t<in_bytes, Message, const Message&> message_;
    transport::flow became_ = transport::flow::timed_out;
};

}  // namespace signet::face
