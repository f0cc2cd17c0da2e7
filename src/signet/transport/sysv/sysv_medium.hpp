// SPDX-License-Identifier: Apache-2.0
// Two System V queues as the medium of a channel, one for each direction. Each end removes the one
// it takes from when it takes no more, and the other too when the peer is dead, which ends a wait
// for room there. Threads: as message_medium.hpp.
//
// The type of a message is the kind of the letter, plus one. Empty ones always find room, since all
// that are not have two bytes at least, and the kernel counts as many messages as bytes. So who
// waits for room, but not for ever, can ask for a word (`want_room`), and gets it (`room`), by its
// type, past all other letters.
#pragma once

#include <signet/os/process.hpp>
#include <signet/os/sysv_queue.hpp>
#include <signet/transport/message_medium.hpp>
#include <signet/transport/sysv/queue_pairs.hpp>
#include <signet/transport/sysv/sysv_lookout.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace signet::transport::sysv {

/// The largest message, as the kernel says.
std::uint64_t message_bytes_max();

class sysv_medium final : public message_medium {
public:
    /// The ids of the queues, of which the peer may have removed the second; `watched` is another
    /// handle of the peer. Throws `error`.
    sysv_medium(int takes, int puts, std::unique_ptr<pair_hold> hold, peer_identity peer,
                os::process watched);
    ~sysv_medium() override;

    std::size_t put_bytes_max() const override { return bytes_max_; }
    std::size_t take_bytes_max() const override { return bytes_max_; }
    std::size_t letters_max() const override { return letters_max_; }
    bool try_put(letter_kind kind, std::span<const std::byte> bytes) override;
    bool put(letter_kind kind, std::span<const std::byte> bytes) override;
    std::optional<letter> try_take(std::span<std::byte> buffer) override;
    letter take(std::span<std::byte> buffer) override;
    void wake() noexcept override;
    void peer_died() noexcept override;
    bool wait_for_letter(const patience& limit, stop_bell& bell) override;
    bool wait_for_room(const os::process* peer, const patience& limit, stop_bell& bell) override;
    bool peer_takes() override;
    void stop_taking() noexcept override;
    peer_identity peer() const override { return peer_; }
    int take_fd() override;
    int put_fd() override;

private:
    std::optional<letter> heard(const os::sysv_message& message, std::span<std::byte> buffer);
    bool look(os::sysv_queue& through);
    void absorb(const os::sysv_message& message);
    void tell_of_room() noexcept;
    void tell_self(long type) noexcept;
    bool try_put(long type, std::span<const std::byte> bytes);

    std::size_t bytes_max_;
    std::size_t letters_max_;
    std::unique_ptr<pair_hold> hold_;
    peer_identity peer_;
    os::process watched_;

    // An object of a queue is one thread's, so there is one for each use.
    os::sysv_queue takes_;
    os::sysv_queue looks_;
    os::sysv_queue puts_;
    os::sysv_queue room_;  ///< of takes_: for who sends
    bool wanted_ = false;  ///< the peer was asked for a word when there is room, and gave none yet
    std::mutex telling_;
    os::sysv_queue self_;   ///< of takes_: to wake ourselves; with `telling_` held
    os::sysv_queue reply_;  ///< of puts_: to tell of room; with `telling_` held
    std::atomic<bool> saw_end_{false};
    std::unique_ptr<sysv_lookout> lookout_;
};

}  // namespace signet::transport::sysv
