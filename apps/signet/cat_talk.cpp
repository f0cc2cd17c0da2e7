// SPDX-License-Identifier: Apache-2.0
#include "cat_talk.hpp"

#include "terminal.hpp"

#include <signet/base/error.hpp>

#include <exception>
#include <span>
#include <thread>
#include <utility>

namespace signet::command {
std::optional<std::string> cat_source::next(const std::stop_token& stop) {
    if (put_back_) return std::exchange(put_back_, std::nullopt);
    return lines_ ? reader_.next(stop) : reader_.next_bytes(stop);
}

void cat_talk::run(const std::stop_token& stop) {
    const std::stop_callback chain{stop, [this] { ending_.request_stop(); }};
    {
        const std::jthread sender{[this] { send_all(); }};
        try {
            receive_all();
        } catch (...) {
            ending_.request_stop();
            throw;
        }
        if (enough() || options_.end_with_the_other) ending_.request_stop();
    }
    if (failure_) std::rethrow_exception(failure_);
}

// ---- the thread that calls ----------------------------------------------------------------------

void cat_talk::receive_all() {
    while (!enough() && receive_one()) {
    }
    flush_output();
}

bool cat_talk::receive_one() {
    auto got = line_.try_receive();
    if (!got && !line_.ended()) {
        flush_output();  // whoever reads it should not wait for more than there is
        got = line_.receive(ending_.get_token());
    }
    if (!got) return false;
    received_.count(got->bytes.size());
    printer_.message(got->bytes);
    return true;
}

// ---- the thread that sends ----------------------------------------------------------------------

void cat_talk::send_all() {
    const std::stop_token stop = ending_.get_token();
    try {
        while (auto message = source_.next(stop)) {
            if (!line_.send(std::as_bytes(std::span{*message}), stop)) {
                return source_.put_back(std::move(*message));
            }
            sent_.count(message->size());
        }
        if (!stop.stop_requested()) end_sending();
    } catch (const error& e) {
        // a death is told by the other thread, after the last words
        if (e.code() == errc::peer_died) return;
        failure_ = std::current_exception();
        ending_.request_stop();
    } catch (...) {
        failure_ = std::current_exception();
        ending_.request_stop();
    }
}

// Where the carrier cannot end one direction, the other end does not learn that our input has
// ended; so it is over, unless so many answers are wanted.
void cat_talk::end_sending() {
    try {
        line_.end_sending();
    } catch (const error& e) {
        if (e.code() != errc::unsupported) throw;
        line_.flush();
        if (options_.count == 0) ending_.request_stop();
    }
}

}  // namespace signet::command
