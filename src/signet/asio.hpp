// SPDX-License-Identifier: Apache-2.0
// `async_receive`, `async_send`, `async_accept` and `async_pop` for programs that live in an Asio
// loop (standalone Asio): usable with any completion token: use_awaitable, a callback, use_future.
// Only this header includes Asio; nothing else of Signet needs it.
//
//     auto pose = co_await signet::async_receive(poses, executor, asio::use_awaitable);
//
// The signatures are void(std::exception_ptr, what there is): a sample<T> of a subscriber, an
// optional message of a channel, an optional channel of a listener, a popped<T> of a queue, a bool
// of a send. Empty or false without an exception: its context was stopped, or the other end has
// closed. A cancellation is a system_error of asio::error::operation_aborted; it is what ends the
// pop of a queue, whose `stop` is for those who block.
//
// Thread safety: the endpoint's thread, or strand; one receive of an endpoint at a time. The
// endpoint, and a message that is sent, must outlive the operation.
#pragma once

#include <signet/face/taking.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/subscriber.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/compose.hpp>
#include <asio/execution_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <span>
#include <system_error>
#include <type_traits>
#include <utility>

namespace signet {

namespace face {

/// What an operation takes from an endpoint.
template <class From>
class asio_taking {
public:
    using result = taken<From>;

    explicit asio_taking(From& from) : from_{&from}, turn_{from} { turn_.take(); }

    /// True: it is over.
    bool look() {
        result_ = take_next(*from_);
        if (result_ || is_at_end(*from_)) return true;
        if constexpr (requires { from_->publishers(); }) {
            return from_->watch()->stopped();
        } else {
            return false;
        }
    }
    result take_result() {
        turn_.give_up();
        return std::move(result_);
    }
    os::descriptor descriptor() { return os::duplicate(from_->fd()); }

private:
    From* from_;
    turn_to_receive<From> turn_;
    result result_{};
};

/// What an operation puts into a channel.
template <class Channel, class Message>
class asio_putting {
public:
    using result = bool;

    asio_putting(Channel& to, const Message& message) : putting_{to, message} {}

    bool look() { return putting_.look(); }
    result take_result() const { return putting_.sent(); }
    os::descriptor descriptor() {
        watch_ = putting_.watch();
        return os::duplicate(watch_->fd());
    }

private:
    putting<Channel, Message> putting_;
    std::shared_ptr<transport::waitable> watch_;
};

/// One of those in an Asio loop, as Asio's composed operations are written.
template <class Work>
class asio_operation {
public:
    asio_operation(Work work, const asio::any_io_executor& in) : work_{std::move(work)}, in_{in} {}

    /// The first call starts it, each later one is told that the descriptor was readable.
    template <class Self>
    void operator()(Self& self, const std::error_code& failure = {}) {
        if (!over_ && !failure) look();
        if ((over_ || failure) && !started_) return finish_later(self);
        if (!over_ && !failure) return wait(self);
        if (failure && !thrown_) thrown_ = std::make_exception_ptr(std::system_error{failure});
        complete(self);
    }

private:
    void look() try { over_ = work_.look(); } catch (...) {
        thrown_ = std::current_exception();
        over_ = true;
    }

    template <class Self>
    void complete(Self& self) {
        descriptor_.reset();
        self.complete(thrown_, work_.take_result());
    }

    /// Never from within the call that starts it.
    template <class Self>
    void finish_later(Self& self) {
        started_ = true;
        const asio::any_io_executor in = in_;  // which goes away with self
        asio::post(in, std::move(self));
    }

    template <class Self>
    void wait(Self& self) try {
        started_ = true;
        if (!descriptor_) {
            auto duplicate = work_.descriptor();
            descriptor_ = std::make_shared<asio::posix::stream_descriptor>(in_, duplicate.get());
            duplicate.release();
        }
        auto& descriptor = *descriptor_;
        descriptor.async_wait(asio::posix::stream_descriptor::wait_read, std::move(self));
    } catch (...) {
        thrown_ = std::current_exception();
        complete(self);
    }

    Work work_;
    asio::any_io_executor in_;
    std::shared_ptr<asio::posix::stream_descriptor> descriptor_;
    std::exception_ptr thrown_;
    bool over_ = false;
    bool started_ = false;
};

template <class Work, class Token>
auto start(Work work, const asio::any_io_executor& in, Token&& token) {
    return asio::async_compose<Token, void(std::exception_ptr, typename Work::result)>(
        asio_operation<Work>{std::move(work), in}, token, in);
}

template <class In>
concept asio_context = std::is_convertible_v<In&, asio::execution_context&>;

inline asio::any_io_executor executor_of(const asio::any_io_executor& in) {
    return in;
}
template <asio_context Context>
asio::any_io_executor executor_of(Context& in) {
    return in.get_executor();
}

/// An executor, or an execution context.
template <class In>
concept asio_place = requires(In&& in) { executor_of(in); };

template <class From>
concept receivable = requires(From& from) { from.try_receive(); };

template <class From>
concept poppable = requires(From& from) { from.try_pop(); };

}  // namespace face

/// Receives the next message of a subscriber or a channel in the loop of `in`, an executor or an
/// execution context. A raw message is valid until the next receive of its channel.
template <face::receivable From, face::asio_place In, class Token>
auto async_receive(From& from, In&& in, Token&& token) {
    return face::start(face::asio_taking<From>{from}, face::executor_of(in),
                       std::forward<Token>(token));
}

/// Sends `message`, which must last until it is done: when the carrier has all of it.
template <class Out, class Reply, face::asio_place In, class Token>
auto async_send(channel<Out, Reply>& to, const std::type_identity_t<Out>& message, In&& in,
                Token&& token) {
    return face::start(face::asio_putting<channel<Out, Reply>, Out>{to, message},
                       face::executor_of(in), std::forward<Token>(token));
}

/// The same in bytes, which must last; their span need not.
template <face::asio_place In, class Token>
auto async_send(raw_channel& to, std::span<const std::byte> message, In&& in, Token&& token) {
    return face::start(face::asio_putting<raw_channel, std::span<const std::byte>>{to, message},
                       face::executor_of(in), std::forward<Token>(token));
}

/// Takes the next message of a queue or a mailbox.
template <face::poppable From, face::asio_place In, class Token>
auto async_pop(From& from, In&& in, Token&& token) {
    return face::start(face::asio_taking<From>{from}, face::executor_of(in),
                       std::forward<Token>(token));
}

/// Accepts the next one who connects.
template <class Channel, face::asio_place In, class Token>
auto async_accept(basic_listener<Channel>& at, In&& in, Token&& token) {
    return face::start(face::asio_taking<basic_listener<Channel>>{at}, face::executor_of(in),
                       std::forward<Token>(token));
}

}  // namespace signet
