// SPDX-License-Identifier: Apache-2.0
// How two ends of Signet's meet at a named pipe. Who connects makes a private pair, opens it, and
// writes its number to the pipe of the listener at once (less than PIPE_BUF bytes, so that it stays
// together):
//
//     "0123456789abcdef\n"    16 hexadecimal digits, a line feed
//
// and waits for the listener's hello. The listener opens the pair in the same order: what it reads
// first, so that it sees the end when the other, whom opening to write proves to be there, is gone.
// Names are removed by who made them, when the hello has come or does not come in time; those of
// one that was killed meanwhile are unlocked, and the next listener removes them.
//
// What is written there is checked: anything but such a line is passed over, up to the next line
// feed. A number without a pair is of one that has given up.
#pragma once

#include <signet/os/fifo.hpp>
#include <signet/transport/channel.hpp>
#include <signet/transport/fifo/fifo_end.hpp>
#include <signet/transport/fifo/fifo_place.hpp>
#include <signet/transport/patient_wait.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string>

namespace signet::transport::fifo {

/// Connects. Throws `error` as carrier::connect.
std::unique_ptr<channel_end> meet(const fifo_place& where, const channel_types& types,
                                  const channel_options& options);

class meeting_listener final : public channel_listener {
public:
    /// Throws `error`: a living process listens there, or something else has the name.
    meeting_listener(fifo_place where, const channel_types& types, const channel_options& options);

    std::unique_ptr<channel_end> accept(const patience& limit) override;
    std::string address() const override { return where_.text(); }
    int fd() override { return reader_.fd(); }

private:
    std::unique_ptr<channel_end> next_end(const std::stop_token& stop);
    bool next_number();
    void drop_garbage();
    std::unique_ptr<channel_end> open_pair();

    fifo_place where_;
    os::fifo name_;
    os::fifo_reader reader_;
    channel_types types_;
    channel_options options_;
    std::array<char, number_digits + 1> line_{};
    std::size_t line_bytes_ = 0;
    std::string number_;  ///< read, and its pair not opened yet
    stop_bell bell_;
};

}  // namespace signet::transport::fifo
