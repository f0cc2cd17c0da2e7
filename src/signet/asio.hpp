// SPDX-License-Identifier: Apache-2.0
// `async_receive` for programs that live in an Asio loop (standalone Asio): usable with any
// completion token: use_awaitable, a callback, use_future. Only this header includes Asio; nothing
// else of Signet needs it.
//
//     auto pose = co_await signet::async_receive(poses, executor, asio::use_awaitable);
//
// The signature is void(std::exception_ptr, sample<T>). An empty sample without an exception: its
// context was stopped. A cancellation is a system_error of asio::error::operation_aborted.
//
// Thread safety: the subscriber's thread, or strand; one receive of a subscriber at a time. The
// subscriber must outlive the operation.
#pragma once

#include <signet/os/descriptor.hpp>
#include <signet/subscriber.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/compose.hpp>
#include <asio/execution_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>

#include <exception>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

namespace signet {

namespace face {

/// One receive in an Asio loop, as Asio's composed operations are written.
template <class T>
class asio_receive {
public:
    asio_receive(subscriber<T>& from, const asio::any_io_executor& in) : from_{&from}, in_{in} {}

    /// The first call starts it, each later one is told that the descriptor was readable.
    template <class Self>
    void operator()(Self& self, const std::error_code& failure = {}) {
        sample<T> next{};
        std::exception_ptr thrown;
        if (!failure) look(next, thrown);
        const bool over = next || thrown || failure || from_->watch()->stopped();
        if (over && !started_) return finish_later(self, std::move(next), thrown);
        if (!over) return wait(self);
        if (failure && !thrown) thrown = std::make_exception_ptr(std::system_error{failure});
        self.complete(thrown, std::move(next));
    }

private:
    void look(sample<T>& next, std::exception_ptr& thrown) try {
        next = std::move(found_);
        thrown = thrown_;
        if (next || thrown) return;
        if (auto got = from_->try_receive()) next = std::move(got);
    } catch (...) {
        thrown = std::current_exception();
    }

    /// Never from within the call that starts it.
    template <class Self>
    void finish_later(Self& self, sample<T> next, std::exception_ptr thrown) {
        started_ = true;
        found_ = std::move(next);
        thrown_ = thrown;
        const asio::any_io_executor in = in_;  // which goes away with self
        asio::post(in, std::move(self));
    }

    template <class Self>
    void wait(Self& self) try {
        started_ = true;
        if (!descriptor_) {
            auto duplicate = os::duplicate(from_->fd());
            descriptor_ = std::make_shared<asio::posix::stream_descriptor>(in_, duplicate.get());
            duplicate.release();
        }
        auto& descriptor = *descriptor_;
        descriptor.async_wait(asio::posix::stream_descriptor::wait_read, std::move(self));
    } catch (...) {
        self.complete(std::current_exception(), {});
    }

    subscriber<T>* from_;
    asio::any_io_executor in_;
    std::shared_ptr<asio::posix::stream_descriptor> descriptor_;
    sample<T> found_{};
    std::exception_ptr thrown_;
    bool started_ = false;
};

}  // namespace face

/// Receives the next message in the loop of `in`, an executor or an execution context.
template <class T, class Token>
auto async_receive(subscriber<T>& from, const asio::any_io_executor& in, Token&& token) {
    return asio::async_compose<Token, void(std::exception_ptr, sample<T>)>(
        face::asio_receive<T>{from, in}, token, in);
}

template <class T, class Context, class Token>
    requires std::is_convertible_v<Context&, asio::execution_context&>
auto async_receive(subscriber<T>& from, Context& in, Token&& token) {
    return async_receive(from, asio::any_io_executor{in.get_executor()},
                         std::forward<Token>(token));
}

}  // namespace signet
