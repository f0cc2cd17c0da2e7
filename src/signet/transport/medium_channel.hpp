// SPDX-License-Identifier: Apache-2.0
// A channel made of queues of whole messages that the kernel keeps: POSIX and System V message
// queues. Nothing of theirs tells a death, so the other process is watched (life/process_watch.hpp)
// and its end puts a letter into the queue that we sleep on, and makes room in the other: a receive
// or a send that may wait for ever is one system call.
//
// Thread safety: that of channel.hpp. Invariants:
//   1. `dead_` is set before the wake is put, and read before the queue is found empty. Where there
//      is no room for the wake there are letters, so nobody sleeps.
//   2. Who closes puts an end, then stops taking. Where there is no room even after that, the queue
//      is full then, and who has taken `letters_max` letters since it last looked looks whether
//      the peer still takes any.
#pragma once

#include <signet/life/process_watch.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/transport/channel.hpp>
#include <signet/transport/channel_frame.hpp>
#include <signet/transport/guest_lock.hpp>
#include <signet/transport/message_medium.hpp>
#include <signet/transport/patient_wait.hpp>

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace signet::transport {

/// Throws `error` for what no medium can do.
void check_medium_options(const channel_options& options, const std::string& name);

class medium_channel final : public channel_end {
public:
    /// Puts its hello. `peer`, where it is known already, is watched from now on. Throws `error`:
    /// bad_option, too_large where the types do not fit.
    medium_channel(std::unique_ptr<message_medium> medium, std::string name,
                   const channel_types& types, const channel_options& options,
                   std::optional<os::process> peer);
    ~medium_channel() override;

    /// For who connects: waits for the peer's hello, or the death of the `listener`, which is to
    /// outlive this, where it is known. Throws `error` as carrier::connect.
    void await_greeting(const patience& limit, const os::process* listener = nullptr);

    flow send(const outgoing& message, const patience& limit) override;
    flow receive(incoming& into, const patience& limit) override;
    flow flush(const patience& limit) override;
    void end_sending(const patience& limit) override;
    peer_identity peer() const override { return medium_->peer(); }
    const wire::type_descriptor* peer_sends() const noexcept override;
    bool ready(direction which) override;
    int fd() override { return medium_->take_fd(); }
    std::unique_ptr<waitable> watch(std::shared_ptr<channel_end> self, direction which) override;

private:
    struct late_letter {
        std::uint32_t kind;
        std::vector<std::byte> bytes;
    };

    void say_hello();
    void watch_for_death_of(const os::process& other);

    // With `receiving_` held.
    std::optional<letter> next(const patience& limit);
    bool peer_may_put();
    std::optional<letter> take_late();
    std::optional<letter> note(std::optional<letter> taken);
    bool read(const letter& one, incoming& into);
    void read_hello(std::span<const std::byte> piece, bool last);
    void meet(std::span<const std::byte> hello);
    void learn_of_peer(std::span<const std::byte> who);
    const late_letter* take_early();
    void take_hello_early();
    bool finds_end();

    // With `sending_` held.
    std::span<const std::byte> joined(const outgoing& message);
    void check_sendable(const outgoing& message) const;
    bool put(letter_kind kind, std::span<const std::byte> bytes, const patience& limit);
    bool end_with(letter_kind last, std::span<const std::byte> body, const patience& limit);
    flow peer_gone();

    [[noreturn]] void complain(errc code, const std::string& why) const;
    [[noreturn]] void complain_of_death() const;

    std::unique_ptr<message_medium> medium_;
    std::string name_;  ///< for texts
    channel_types types_;
    channel_options options_;
    os::made_in_process here_;

    guest_lock receiving_;  ///< who sends is a guest
    std::vector<std::byte> input_;
    std::deque<late_letter> late_;  ///< taken while the user may still look at `input_`
    std::vector<std::byte> early_;
    std::vector<std::byte> hello_;  ///< the pieces so far
    std::optional<greeting> peer_;
    std::string refusal_;
    std::size_t taken_ = 0;  ///< since the last look at whether the peer still takes letters
    std::size_t letters_max_;
    bool said_end_ = false;  ///< the peer's direction ended in order
    stop_bell receive_stop_;

    guest_lock sending_;  ///< who receives is a guest
    std::vector<std::byte> output_;
    bool ended_ = false;                    ///< we said that we send no more, or will
    std::optional<letter_kind> last_word_;  ///< what says so, while there was no room for it
    stop_bell send_stop_;

    std::optional<os::process> process_;
    std::atomic<bool> dead_{false};
    std::optional<life::process_watch> watch_;  // the last: its thread uses the others
};

}  // namespace signet::transport
