// SPDX-License-Identifier: Apache-2.0
// One conversation of `signet cat`: what comes from standard input is sent, in a thread of its own,
// and what is received goes to standard output, in the thread that calls.
#pragma once

#include "cat_printer.hpp"
#include "line_reader.hpp"

#include <signet/channel.hpp>

#include <cstdint>
#include <exception>
#include <optional>
#include <stop_token>
#include <string>

namespace signet::command {

/// Standard input as messages, from one conversation to the next.
class cat_source {
public:
    cat_source(bool lines, std::size_t message_bytes_max)
        : lines_{lines}, reader_{"-", message_bytes_max, "--message-max"} {}

    /// None: the end, or a stop.
    std::optional<std::string> next(const std::stop_token& stop);

    /// What could not be sent is the next.
    void put_back(std::string message) { put_back_ = std::move(message); }

private:
    bool lines_;
    line_reader reader_;
    std::optional<std::string> put_back_;
};

struct talk_options {
    std::uint64_t count = 0;         ///< end when so many were received; 0: when the other end does
    bool end_with_the_other = true;  ///< what is left of the input is for the next one, or nobody
};

class cat_talk {
public:
    cat_talk(raw_channel& line, cat_source& source, cat_printer& printer,
             const talk_options& options)
        : line_{line}, source_{source}, printer_{printer}, options_{options} {}

    /// Talks until both directions have ended, or `stop`. Throws what went wrong in either.
    void run(const std::stop_token& stop);

    const carried& sent() const noexcept { return sent_; }
    const carried& received() const noexcept { return received_; }

private:
    void receive_all();
    bool receive_one();
    bool enough() const { return options_.count != 0 && received_.messages >= options_.count; }
    void send_all();
    void end_sending();

    raw_channel& line_;
    cat_source& source_;
    cat_printer& printer_;
    talk_options options_;
    carried sent_;
    carried received_;
    std::stop_source ending_;
    std::exception_ptr failure_;  // of the sending thread; to be read when it has ended
};

}  // namespace signet::command
