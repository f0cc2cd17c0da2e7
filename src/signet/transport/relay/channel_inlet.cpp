// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/relay/channel_inlet.hpp>

#include <signet/os/process.hpp>
#include <signet/transport/relay/topic_frame.hpp>
#include <signet/transport/relay/topic_session.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace signet::transport::relay {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds pause_least = 20ms;
constexpr std::chrono::nanoseconds pause_most = 1s;
constexpr std::chrono::seconds answer_limit{5};

remote_end subscribing_end(const local_subscriber& to) {
    return {.endpoint = to.endpoint(), .pid = 0, .command = os::command_name(os::current_pid())};
}

std::int64_t nanoseconds_of(clock::time_point time) {
    return time.time_since_epoch().count();
}

/// How far our clock is ahead of one that said `theirs` between two moments of ours: nothing where
/// they may be the same clock.
std::int64_t ahead(clock::time_point asked, clock::time_point answered, std::uint64_t theirs) {
    const auto said = static_cast<std::int64_t>(theirs & std::uint64_t{INT64_MAX});
    const std::int64_t begin = nanoseconds_of(asked);
    const std::int64_t end = nanoseconds_of(answered);
    if (begin <= said && said <= end) return 0;
    return begin + (end - begin) / 2 - said;
}

}  // namespace

bool is_absence(const error& why) {
    constexpr std::array absences{
        std::errc::connection_refused,  std::errc::no_such_file_or_directory,
        std::errc::timed_out,           std::errc::host_unreachable,
        std::errc::network_unreachable, std::errc::connection_reset,
        std::errc::broken_pipe,         std::errc::resource_unavailable_try_again,
        std::errc::network_down,        std::errc::connection_aborted,
    };
    if (why.code() == errc::peer_died || why.code() == errc::refused) return true;
    return std::any_of(absences.begin(), absences.end(),
                       [&](std::errc one) { return why.code() == one; });
}

channel_inlet::channel_inlet(connector connect, std::string address, on_loss then,
                             local_subscriber& to)
    : connect_{std::move(connect)},
      address_{std::move(address)},
      then_{then},
      to_{&to},
      pause_{pause_least} {
    try {
        end_ = connect_();
    } catch (const error& why) {
        if (then_ == on_loss::end || !is_absence(why)) throw;
        again_at_ = after(pause_);
    }
}

topic_relay::state channel_inlet::work(relay_waits& waits) {
    if (!end_) return seek(waits);
    try {
        return go_on(waits);
    } catch (const error& why) {
        return fail(waits, why);
    }
}

topic_relay::state channel_inlet::finish(relay_waits& waits) {
    if (attempt_) waits.leave(attempt_->leave());
    return state::over;
}

// ---- without a channel --------------------------------------------------------------------------

topic_relay::state channel_inlet::seek(relay_waits& waits) {
    if (attempt_ && attempt_->over()) end_attempt(waits);
    if (end_) return work(waits);
    if (!attempt_ && clock::now() >= again_at_ && !begin_attempt(waits)) {
        again_at_ = after(pause_most);
    }
    if (!attempt_) waits.wake_at(again_at_);
    return state::going;
}

bool channel_inlet::begin_attempt(relay_waits& waits) try {
    attempt_ = std::make_unique<attempt>(connect_);
    attempting_ = waits.add_descriptor(attempt_->fd(), os::interest::readable);
    return true;
} catch (const error&) {
    return attempt_ != nullptr;
}

void channel_inlet::end_attempt(relay_waits& waits) {
    waits.remove(*std::exchange(attempting_, std::nullopt));
    const auto over = std::move(attempt_);
    try {
        end_ = over->take();
    } catch (const error& why) {
        if (!is_absence(why)) complain(why);
        pause_ = std::min(2 * pause_, pause_most);
        again_at_ = after(pause_);
    }
}

void channel_inlet::complain(const error& why) {
    if (why.what() == last_complaint_) return;
    last_complaint_ = why.what();
    to_->refused(who_, why);
}

// ---- with one -----------------------------------------------------------------------------------

topic_relay::state channel_inlet::go_on(relay_waits& waits) {
    if (!hearing_) greet(waits);
    say(waits);
    if (!hear(waits)) return lose(waits, topic_event::kind::left, "left");
    if (!writer_ && !check_answered(waits)) {
        throw error{errc::peer_misbehaved, "join topic", address_,
                    "who is there does not answer: it is no publisher"};
    }
    return state::going;
}

void channel_inlet::greet(relay_waits& waits) {
    hearing_ = waits.add(end_->watch(end_, direction::receiving));
    subscription wanted{.who = subscribing_end(*to_), .options = to_->options(), .type = {}};
    if (to_->type() != nullptr) wanted.type = *to_->type();
    talk_ = write(wanted);
    asked_at_ = clock::now();
}

// To who has closed nothing is said, but what it said last is heard.
void channel_inlet::say(relay_waits& waits) {
    if (talk_.empty()) return;
    const std::span<const std::byte> whole{talk_};
    const flow became = end_->send({.parts = {&whole, 1}}, patience::none());
    if (became != flow::timed_out) talk_.clear();
    if (became == flow::timed_out && !room_) {
        room_ = waits.add(end_->watch(end_, direction::sending));
    } else if (room_) {
        waits.remove(*std::exchange(room_, std::nullopt));
    }
}

bool channel_inlet::check_answered(relay_waits& waits) {
    const deadline limit = after(answer_limit, asked_at_);
    if (clock::now() >= limit) return false;
    waits.wake_at(limit);
    return true;
}

/// False: the publisher has closed.
bool channel_inlet::hear(relay_waits& waits) {
    if (message_ && !put(waits)) return true;
    incoming got;
    for (int i = 0; i < turn_messages; ++i) {
        const flow became = end_->receive(got, patience::none());
        if (became == flow::timed_out) return true;
        if (became == flow::ended) return false;
        if (!hear_one(waits, got.bytes)) return true;
    }
    waits.again();
    return true;
}

/// False: there is no room for it now.
bool channel_inlet::hear_one(relay_waits& waits, std::span<const std::byte> frame) {
    if (!writer_) {
        take_answer(frame);
        return true;
    }
    if (!is_message(frame)) {
        std::optional<refusal> refused;
        read_answer(frame, address_, refused);
        throw error{errc::peer_misbehaved, "receive from topic", address_, "it answers twice"};
    }
    message_ = read_message(frame);
    if (message_->time_ns != 0) {
        message_->time_ns += static_cast<std::uint64_t>(clock_ahead_ns_);
    }
    return put(waits);
}

void channel_inlet::take_answer(std::span<const std::byte> frame) {
    std::optional<refusal> refused;
    who_ = {};
    try {
        const acceptance answer = read_answer(frame, address_, refused);
        who_ = identified(answer.who, *end_);
        clock_ahead_ns_ = ahead(asked_at_, clock::now(), answer.now_ns);
        writer_ = to_->write(who_, answer.type, answer.payload_bytes_max);
    } catch (const error&) {
        if (refused) who_ = identified(refused->who, *end_);
        throw;
    }
    pause_ = pause_least;
    last_complaint_.clear();
}

/// Puts the message that waits. What is there is not received while it has no room.
bool channel_inlet::put(relay_waits& waits) {
    const bool done = writer_->put(*message_);
    if (done) message_.reset();
    if (!writing_ && !done) writing_ = waits.add(writer_->watch());
    if (writing_) waits.enable(*writing_, !done);
    waits.enable(*hearing_, done);
    return done;
}

// ---- the end ------------------------------------------------------------------------------------

topic_relay::state channel_inlet::lose(relay_waits& waits, topic_event::kind how,
                                       const std::string& reason) {
    if (writer_) writer_->end(how, reason);
    for (auto* key : {&writing_, &hearing_, &room_}) {
        if (*key) waits.remove(**key);
        key->reset();
    }
    message_.reset();
    talk_.clear();
    writer_.reset();
    end_.reset();
    if (then_ == on_loss::end) return state::over;
    again_at_ = after(pause_);
    pause_ = std::min(2 * pause_, pause_most);
    waits.wake_at(again_at_);
    return state::going;
}

// Who was refused is told so; who cannot be talked to is an error of receive.
topic_relay::state channel_inlet::fail(relay_waits& waits, const error& why) {
    if (why.code() == errc::peer_died) return lose(waits, topic_event::kind::died, why.what());
    const bool by_us = writer_ && why.code() == errc::refused;
    if (why.code() == errc::peer_misbehaved || by_us) refuse(why);
    if (!by_us) complain(why);
    return lose(waits, topic_event::kind::refused, why.what());
}

void channel_inlet::refuse(const error& why) try {
    const auto words = write(refusal{.who = subscribing_end(*to_),
                                     .code = static_cast<errc>(why.code().value()),
                                     .reason = why.advice()});
    const std::span<const std::byte> whole{words};
    end_->send({.parts = {&whole, 1}}, patience::none());
} catch (const error&) {
    // it hears no more
}

}  // namespace signet::transport::relay
