// SPDX-License-Identifier: Apache-2.0
// `listener<T>` waits at an address for others to connect, each with a `channel<T>`; each accepted
// conversation is a channel of its own.
//
//     signet::listener<answer, request> door{"unix:///run/server.sock"};
//     while (auto line = door.accept()) serve(std::move(*line));
//
// Thread safety: one thread at a time; a second one is a contract_violation. Throws `error`: a bad
// address, one that a living process has, no rights, no descriptors left (who connects then goes on
// waiting).
#pragma once

#include <signet/channel.hpp>
#include <signet/transport/channel_watch.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace signet {

/// Accepts channels of the kind `Channel`.
template <class Channel>
class basic_listener {
public:
    /// The next one who connects. None: a stop was asked for. What is wrong with that one, such as
    /// another type of messages, is told by its channel when it is first used.
    std::optional<Channel> accept(std::stop_token stop = {}) {
        return take({never, std::move(stop)});
    }
    std::optional<Channel> try_accept() { return take(transport::patience::none()); }
    std::optional<Channel> accept_for(std::chrono::nanoseconds limit) {
        return take({after(limit), {}});
    }
    std::optional<Channel> accept_until(deadline limit) { return take({limit, {}}); }

    /// Where to connect, with what the system chose: the port of "tcp://127.0.0.1:0".
    std::string address() const { return listener_->address(); }

    /// Readable when somebody may be waiting. Valid as long as this.
    int fd() { return listener_->fd(); }

    /// For waits over several endpoints.
    std::unique_ptr<transport::waitable> watch() const {
        return transport::watch_listener(listener_);
    }

protected:
    basic_listener(std::string_view address, const transport::channel_types& types,
                   const channel_options& options);

private:
    std::optional<Channel> take(const transport::patience& limit) {
        const face::one_thread::stay alone{accepting_, "accept where another thread accepts"};
        auto end = listener_->accept(limit);
        if (!end) return std::nullopt;
        return Channel{std::move(end)};
    }

    std::shared_ptr<transport::channel_listener> listener_;
    face::one_thread accepting_;
};

namespace face {

std::unique_ptr<transport::channel_listener> listen(std::string_view address,
                                                    const transport::channel_types& types,
                                                    const transport::channel_options& options);

}  // namespace face

template <class Channel>
basic_listener<Channel>::basic_listener(std::string_view address,
                                        const transport::channel_types& types,
                                        const channel_options& options)
    : listener_{face::listen(address, types, options)} {}

template <class Out, class In = Out>
class listener : public basic_listener<channel<Out, In>> {
public:
    explicit listener(std::string_view address, const channel_options& options = {})
        : basic_listener<channel<Out, In>>{address, channel<Out, In>::types(), options} {}
};

class raw_listener : public basic_listener<raw_channel> {
public:
    explicit raw_listener(std::string_view address, const channel_options& options = {})
        : basic_listener<raw_channel>{address, {}, options} {}
};

}  // namespace signet
