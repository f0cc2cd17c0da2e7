// SPDX-License-Identifier: Apache-2.0
// What the ends of all conversations over UDP have in common: a socket that is connected to the
// peer, waiting for it, and how it is learnt that nobody is there any more. Where nobody has the
// peer's port, its kernel says so in answer to what we send (ICMP): an end, since a death cannot be
// told from one.
//
// Thread safety: that of channel.hpp. Invariants:
//   1. Who learns that the peer takes no more sets `closed_`, then shuts the socket's reading: a
//      receive that waits in another thread comes back, and the descriptor is readable from then.
//   2. Once the peer's direction is over, what lies in the kernel's queue is received first.
#pragma once

#include <signet/os/fork_guard.hpp>
#include <signet/os/udp_socket.hpp>
#include <signet/transport/channel.hpp>
#include <signet/transport/patient_wait.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace signet::transport::udp {

/// An end says so more than once, since any datagram may be lost.
inline constexpr int last_words_repeated = 3;

/// A socket at a port of its own, connected to `peer`. Throws `error`.
os::udp_socket socket_to(const os::ip_address& peer, const channel_options& options);

/// "192.0.2.1:4711"; one of version 4 that came through a socket of version 6 as what it is.
std::string shown(const os::ip_address& address);

/// Throws `error` (unsupported) where one is a multicast address.
void refuse_groups(const std::vector<os::ip_address>& places, const std::string& name);

/// Throws `error` (bad_option).
void check_options(const channel_options& options, const std::string& name);

class datagram_end : public channel_end {
public:
    flow send(const outgoing& message, const patience& limit) final;
    flow receive(incoming& into, const patience& limit) final;
    flow flush(const patience& limit) final;
    void end_sending(const patience& limit) final;
    peer_identity peer() const final { return {.address = shown(peer_)}; }
    channel_losses losses() const final;
    bool ready(direction which) final;
    int fd() override { return socket_.fd(); }
    std::unique_ptr<waitable> watch(std::shared_ptr<channel_end> self, direction which) final;

protected:
    /// `socket` is connected to `peer`.
    datagram_end(os::udp_socket socket, const os::ip_address& peer, std::string name,
                 const channel_options& options);

    /// What arrived. True: `into` is the user's. Those that are nobody's are ignored.
    virtual bool take(std::span<const std::byte> datagram, bool truncated, incoming& into) = 0;

    /// What arrived before and was not taken; true: there was another message in it.
    virtual bool take_rest(incoming&) { return false; }
    virtual bool has_rest() const noexcept { return false; }

    /// The message as a datagram, in `output_`.
    virtual void write(const outgoing& message) = 0;

    /// Throws what is wrong with the peer, each time.
    virtual void require_well() const {}

    /// What a datagram can be seen to be by its beginning: whether it is for the user.
    virtual bool is_message(std::span<const std::byte> beginning) const = 0;

    /// Says that we send no more; `closing`: nor receive. Goes out while nobody waits.
    virtual void say_end(bool closing) = 0;

    virtual std::uint64_t lost() const noexcept { return 0; }

    /// To be called by the destructor of each kind.
    void say_bye() noexcept;

    /// Sends it if there is room for it now, and does not mind if not.
    void transmit(std::span<const std::byte> datagram);

    void note_end() noexcept { over_ = true; }
    void note_closed();
    bool is_closed() const noexcept;
    int socket_fd() const noexcept { return socket_.fd(); }
    bool ignore() noexcept;

    /// Leaves the peer's address to whoever has it now.
    void leave_peer();

    [[noreturn]] void complain(errc code, const std::string& why) const;

    const channel_options& options() const noexcept { return options_; }
    const os::ip_address& peer_address() const noexcept { return peer_; }

    /// The peer takes no longer messages.
    void limit_sent(std::uint64_t message_bytes);

    std::vector<std::byte> output_;
    std::uint64_t sent_ = 0;  ///< messages

private:
    std::optional<os::udp_received> next(const patience& limit);
    void look_for_end();
    flow transmit_patiently(const patience& limit);
    void check_sendable(const outgoing& message) const;

    os::udp_socket socket_;
    os::ip_address peer_;
    std::string name_;  ///< for texts
    channel_options options_;
    std::uint64_t send_bytes_max_;
    os::made_in_process here_;
    std::atomic<bool> closed_{false};  ///< the peer takes no more

    mutable std::mutex receiving_;
    std::vector<std::byte> input_;
    std::uint64_t ignored_ = 0;
    bool over_ = false;  ///< the peer sends no more
    stop_bell receive_stop_;

    bool ended_ = false;  ///< we said that we send no more
    std::atomic<bool> heard_{false};
    clock::time_point looked_{};
    stop_bell send_stop_;
};

}  // namespace signet::transport::udp
