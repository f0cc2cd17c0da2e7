// SPDX-License-Identifier: Apache-2.0
// Two message queues without names as the medium of a channel: one for each direction. The kind of
// a letter is its priority, so that a message is handed to the kernel as it lies. Each end marks
// the queue it takes from, for as long as it does. Threads: as message_medium.hpp.
//
// A put that waits is one call, which nothing ends but room. Therefore who takes no more, and who
// learns that the other is dead, empties the queue once: what was put since the last look at
// whether it is marked has room then.
#pragma once

#include <signet/os/posix_queue.hpp>
#include <signet/transport/message_medium.hpp>

#include <cstdint>

namespace signet::transport::mq {

/// The queue of one direction for messages up to `message_bytes_max`, or as large as the kernel
/// allows. So many that `channels_least` channels have room under the limit of this user's queues.
os::posix_queue_geometry geometry_for(std::uint64_t message_bytes_max,
                                      const os::posix_queue_limits& limits);
inline constexpr std::uint64_t channels_least = 12;

/// The largest message under these limits.
std::uint64_t message_bytes_max(const os::posix_queue_limits& limits);

class mq_medium final : public message_medium {
public:
    /// Marks `takes`. Throws `error`.
    mq_medium(os::posix_queue takes, os::posix_queue puts, const os::peer_credentials& peer);

    std::size_t put_bytes_max() const override { return puts_.geometry().message_bytes_max; }
    std::size_t take_bytes_max() const override { return takes_.geometry().message_bytes_max; }
    std::size_t letters_max() const override;
    bool try_put(letter_kind kind, std::span<const std::byte> bytes) override;
    bool put(letter_kind kind, std::span<const std::byte> bytes) override;
    std::optional<letter> try_take(std::span<std::byte> buffer) override;
    letter take(std::span<std::byte> buffer) override;
    void wake() noexcept override;
    void peer_died() noexcept override { puts_.drain(); }
    bool wait_for_letter(const patience& limit, stop_bell& bell) override;
    bool wait_for_room(const os::process* peer, const patience& limit, stop_bell& bell) override;
    bool peer_takes() override { return puts_.is_owned(); }
    void stop_taking() noexcept override;
    peer_identity peer() const override { return {.user = peer_}; }
    int take_fd() override { return takes_.fd(); }
    int put_fd() override { return puts_.fd(); }

private:
    os::posix_queue takes_;
    os::posix_queue puts_;
    std::size_t unlooked_ = 0;  ///< so many may be put before the next look at the peer's mark
    os::peer_credentials peer_;
};

}  // namespace signet::transport::mq
