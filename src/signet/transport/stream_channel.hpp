// SPDX-License-Identifier: Apache-2.0
// A channel made of a stream of bytes: TCP, TLS, unix sockets, pipes, named pipes. It frames the
// messages, reads ahead, keeps what the stream did not take yet, and tells an end in order from a
// death.
//
// Thread safety: that of channel.hpp. Invariants:
//   1. What is in `unsent_` goes out before anything else; nothing is put behind it but the rest of
//      one message, and the end.
//   2. `input_` holds at most one incomplete message and what one read brought behind it; memory
//      grows with the bytes that came, not with the length that a peer announced.
#pragma once

#include <signet/os/epoll.hpp>
#include <signet/transport/byte_stream.hpp>
#include <signet/transport/channel.hpp>
#include <signet/transport/channel_frame.hpp>
#include <signet/transport/patient_wait.hpp>
#include <signet/transport/stream_interest.hpp>

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace signet::transport {

class stream_channel final : public channel_end {
public:
    /// For who connects: says hello, and waits for the peer's. Throws `error` as carrier::connect.
    static std::unique_ptr<channel_end> connect(std::unique_ptr<byte_stream> stream,
                                                std::string name, const channel_types& types,
                                                const channel_options& options);

    /// For who accepts: says hello. What the peer says is read with the first message.
    static std::unique_ptr<channel_end> accept(std::unique_ptr<byte_stream> stream,
                                               std::string name, const channel_types& types,
                                               const channel_options& options);

    ~stream_channel() override;

    flow send(const outgoing& message, const patience& limit) override;
    flow receive(incoming& into, const patience& limit) override;
    flow flush(const patience& limit) override;
    void end_sending(const patience& limit) override;
    peer_identity peer() const override { return stream_->peer(); }
    const wire::type_descriptor* peer_sends() const noexcept override;
    bool ready(direction which) override;
    bool holds_read() override;
    int fd() override;
    std::unique_ptr<waitable> watch(std::shared_ptr<channel_end> self, direction which) override;

private:
    /// A frame that was read whole; valid until the next read.
    struct frame {
        frame_kind kind;
        std::span<const std::byte> body;
    };

    /// What became of writing.
    enum class written {
        all,
        some,  ///< the patience ended
        gone,  ///< nobody reads any more
    };

    stream_channel(std::unique_ptr<byte_stream> stream, std::string name,
                   const channel_types& types, const channel_options& options);

    // The receiving thread's, with `receiving_` held.
    flow take_next(incoming& into);
    flow take_frame(incoming& into);
    bool take(const frame& one, incoming& into);
    flow take_line(incoming& into);
    flow take_bytes(incoming& into);
    std::optional<frame> next_frame();
    void check(const std::optional<frame_header>& header) const;
    std::uint64_t most_after(frame_kind kind) const noexcept;
    std::optional<frame_header> next_header() const;
    void meet(std::span<const std::byte> hello);
    void take_descriptors(std::span<const std::byte>& body, incoming& into);
    flow end_of_peer() const;
    void await_greeting(const patience& limit);
    bool fill(const patience& limit);
    bool fill_with_stop(const patience& limit, int bell);
    void make_room();
    std::size_t wanted_bytes() const;
    bool note(const os::stream_result& read);
    void look_for_end();
    bool sees_end() const;
    void take_late();
    os::stream_result read_once(deadline until);
    void drop_unread();

    // With `sending_` held.
    flow send_whole(const outgoing& message, const patience& limit);
    void check_sendable(const outgoing& message, std::uint64_t bytes) const;
    std::size_t begin_frame(const outgoing& message, std::uint64_t bytes);
    written write(std::span<const std::byte>& bytes, std::span<const int> descriptors,
                  const patience& limit);
    written write_with_stop(std::span<const std::byte>& bytes, std::span<const int> descriptors,
                            const patience& limit, int bell);
    flow write_parts(const outgoing& message, std::size_t skipped, const patience& limit);
    flow flush_unsent(const patience& limit);
    void flush_quietly();
    written write_unsent(const patience& limit);
    void forget_unsent();
    void keep(std::span<const std::byte> bytes);
    void put_frame(frame_kind kind, std::span<const std::byte> body);
    void end_with(frame_kind last, std::span<const std::byte> body, const patience& limit);
    flow peer_gone();
    void note_unsent(bool any);

    [[noreturn]] void complain_of_death() const;
    [[noreturn]] void complain(errc code, const std::string& why) const;

    std::unique_ptr<byte_stream> stream_;
    stream_interest interest_;
    std::string name_;  ///< for texts
    channel_types types_;
    channel_options options_;

    std::mutex receiving_;
    std::vector<std::byte> input_;
    std::size_t begin_ = 0;  ///< of what was not taken yet
    std::size_t end_ = 0;
    std::size_t looked_ = 0;       ///< lines: so many bytes have no line feed
    std::vector<std::byte> late_;  ///< read while the user may still look at `input_`
    std::deque<os::descriptor> descriptors_;
    bool descriptors_lost_ = false;
    std::optional<greeting> peer_;
    bool said_end_ = false;      ///< the peer's direction ended in order
    bool incomplete_ = false;    ///< what is there of `input_` is no whole message
    bool stream_over_ = false;   ///< there is nothing more to read
    bool stream_broke_ = false;  ///< likewise, and it did not end by itself
    stop_bell receive_stop_;

    std::mutex sending_;
    std::vector<std::byte> frame_;   ///< the message being sent, or its first part
    std::vector<std::byte> unsent_;  ///< what the stream did not take
    std::size_t unsent_begin_ = 0;
    bool ended_ = false;  ///< we said that we send no more
    bool shut_ = false;   ///< and the stream knows
    stop_bell send_stop_;

    std::optional<os::epoll> set_;  ///< what fd() is
    std::atomic<bool> any_unsent_{false};
    std::atomic<std::uint64_t> peer_takes_{~std::uint64_t{0}};  ///< bytes of a message
};

}  // namespace signet::transport
