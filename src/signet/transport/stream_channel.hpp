// SPDX-License-Identifier: Apache-2.0
// A channel made of a stream of bytes: TCP, TLS, unix sockets, pipes, named pipes. What it sends
// and what it receives are two halves (stream_sender.hpp, stream_receiver.hpp), which meet where a
// peer is gone or refused, and where there is something unsent while one waits to receive.
//
// Thread safety: that of channel.hpp.
#pragma once

#include <signet/os/epoll.hpp>
#include <signet/transport/byte_stream.hpp>
#include <signet/transport/channel.hpp>
#include <signet/transport/stream_interest.hpp>
#include <signet/transport/stream_receiver.hpp>
#include <signet/transport/stream_sender.hpp>

#include <memory>
#include <optional>
#include <string>

namespace signet::transport {

class stream_channel final : public channel_end {
public:
    /// For who connects: says hello, and waits for the peer's. Throws `error` as carrier::connect.
    static std::unique_ptr<channel_end> connect(std::unique_ptr<byte_stream> stream,
                                                std::string name, const channel_types& types,
                                                const channel_options& options, deadline until);

    /// For who accepts: says hello. What the peer says is read with the first message.
    static std::unique_ptr<channel_end> accept(std::unique_ptr<byte_stream> stream,
                                               std::string name, const channel_types& types,
                                               const channel_options& options);

    ~stream_channel() override;

    flow send(const outgoing& message, const patience& limit) override {
        return judge(sender_.send(message, limit));
    }
    flow receive(incoming& into, const patience& limit) override {
        return receiver_.receive(into, limit);
    }
    flow flush(const patience& limit) override { return judge(sender_.flush(limit)); }
    void end_sending(const patience& limit) override { sender_.end(limit); }
    peer_identity peer() const override { return stream_->peer(); }
    std::optional<os::descriptor> peer_process() const override { return stream_->peer_process(); }
    const wire::type_descriptor* peer_sends() const noexcept override {
        return receiver_.peer_sends();
    }
    bool ready(direction which) override;
    bool holds_read() override;
    int fd() override;
    std::unique_ptr<waitable> watch(std::shared_ptr<channel_end> self, direction which) override;

private:
    stream_channel(std::unique_ptr<byte_stream> stream, std::string name,
                   const channel_types& types, const channel_options& options);

    flow judge(sent outcome);

    std::unique_ptr<byte_stream> stream_;
    stream_interest interest_;
    std::string name_;  ///< for texts
    channel_types types_;
    channel_options options_;
    stream_sender sender_;
    stream_receiver receiver_;
    std::optional<os::epoll> set_;  ///< what fd() is
};

}  // namespace signet::transport
