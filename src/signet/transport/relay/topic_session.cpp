// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/relay/topic_session.hpp>

#include <signet/os/process.hpp>
#include <signet/transport/relay/topic_frame.hpp>

#include <array>
#include <chrono>
#include <utility>

namespace signet::transport::relay {
namespace {

/// Who connects has to say what it wants.
constexpr std::chrono::seconds asking_limit{5};

remote_end publishing_end(const local_publisher& from) {
    return {from.endpoint(), 0, os::command_name(os::current_pid())};
}

std::uint64_t now_ns() {
    return static_cast<std::uint64_t>(clock::now().time_since_epoch().count());
}

}  // namespace

remote_end identified(remote_end who, const channel_end& by) {
    const peer_identity peer = by.peer();
    if (peer.user) who.pid = static_cast<int>(peer.user->pid);
    const std::string& place = peer.certificate.empty() ? peer.address : peer.certificate;
    if (!place.empty()) who.command += (who.command.empty() ? "" : " at ") + place;
    return who;
}

topic_session::topic_session(std::shared_ptr<channel_end> end, local_publisher& from)
    : end_{std::move(end)}, from_{&from}, asked_by_{after(asking_limit)} {}

topic_relay::state topic_session::work(relay_waits& waits) {
    try {
        const step became = advance(waits);
        if (became == step::over) return end_with(topic_event::kind::left, "left");
        settle(waits, became);
        return state::going;
    } catch (const error& why) {
        return fail(why);
    }
}

topic_relay::state topic_session::finish(relay_waits& waits) {
    if (!reader_ || work(waits) == state::over) return state::over;
    // Who counts as a subscriber already may still be on its way in.
    if (!accepted_ || last_ != step::idle) return state::going;
    if (!flush_blocked()) return state::over;
    settle(waits, step::blocked);
    return state::going;
}

/// Whether a part of the last message is not out yet.
bool topic_session::flush_blocked() {
    try {
        return end_->flush(patience::none()) == flow::timed_out;
    } catch (const error&) {
        return false;  // it is gone: nobody is left to be sent the rest
    }
}

topic_session::step topic_session::advance(relay_waits& waits) {
    begin(waits);
    if (!hear()) return step::over;
    if (!reader_) return wait_to_be_asked(waits);
    return talk();
}

void topic_session::begin(relay_waits& waits) {
    if (hearing_) return;
    hearing_ = waits.add(end_->watch(end_, direction::receiving));
}

/// False: the subscriber has closed.
bool topic_session::hear() {
    incoming got;
    for (;;) {
        const flow became = end_->receive(got, patience::none());
        if (became == flow::timed_out) return true;
        if (became == flow::ended) return false;
        if (!reader_) {
            admit(got.bytes);
        } else {
            const refusal why = read_refusal(got.bytes);
            throw error{errc::refused, "carry a topic", {}, why.reason};
        }
    }
}

void topic_session::admit(std::span<const std::byte> asked) {
    const subscription wanted = read_subscription(asked);
    who_ = identified(wanted.who, *end_);
    reader_ = from_->read(who_, wanted.options, wanted.type ? &*wanted.type : nullptr);
}

topic_session::step topic_session::wait_to_be_asked(relay_waits& waits) {
    if (clock::now() >= asked_by_) {
        throw error{errc::peer_misbehaved,
                    "carry a topic",
                    {},
                    "it connected and did not say what it wants"};
    }
    waits.wake_at(asked_by_);
    return step::idle;
}

topic_session::step topic_session::talk() {
    for (int i = 0; i < turn_messages; ++i) {
        const flow sent = send_what_waits();
        if (sent == flow::ended) return step::over;
        if (sent == flow::timed_out || !end_->ready(direction::sending)) return step::blocked;
        if (!take()) return step::idle;
    }
    return step::more;
}

/// Whether there is something to send now.
bool topic_session::take() {
    try {
        message_ = reader_->next();
    } catch (const error&) {
        objected_ = true;
        throw;
    }
    if (!accepted_ && reader_->joined()) {
        accepted_ = true;
        talk_ = write(acceptance{.who = publishing_end(*from_),
                                 .type = from_->type(),
                                 .payload_bytes_max = from_->payload_bytes_max(),
                                 .now_ns = now_ns()});
    }
    return message_ != nullptr || !talk_.empty();
}

flow topic_session::send_what_waits() {
    if (!talk_.empty()) {
        const std::span<const std::byte> whole{talk_};
        const flow sent = end_->send({.parts = {&whole, 1}}, patience::none());
        if (sent != flow::done) return sent;
        talk_.clear();
    }
    if (message_ == nullptr) return flow::done;
    const auto header = header_of(*message_);
    const std::array<std::span<const std::byte>, 2> parts{header, message_->bytes};
    const flow sent = end_->send({.parts = parts}, patience::none());
    if (sent == flow::done) message_ = nullptr;
    return sent;
}

// What is not waited for does not wake: messages while there is no room, room while there is some.
void topic_session::settle(relay_waits& waits, step became) {
    last_ = became;
    if (became == step::more) return waits.again();
    if (!reader_) return;
    if (!reading_) reading_ = waits.add(reader_->watch());
    const bool blocked = became == step::blocked;
    waits.enable(*reading_, !blocked);
    if (blocked && !room_) room_ = waits.add(end_->watch(end_, direction::sending));
    if (!blocked && room_) waits.remove(*std::exchange(room_, std::nullopt));
}

topic_relay::state topic_session::end_with(topic_event::kind how, const std::string& reason) {
    if (reader_) reader_->end(how, reason);
    return state::over;
}

topic_relay::state topic_session::fail(const error& why) {
    if (why.code() == errc::peer_died) return end_with(topic_event::kind::died, why.what());
    refuse(why);
    if (!reader_) from_->tell(topic_event::kind::refused, identified({}, *end_), why.what());
    if (objected_) return state::over;
    return end_with(topic_event::kind::refused,
                    why.code() == errc::refused ? why.advice() : std::string{why.what()});
}

void topic_session::refuse(const error& why) try {
    const bool ours = why.code().category() == signet_category();
    const auto words =
        write(refusal{.who = publishing_end(*from_),
                      .code = ours ? static_cast<errc>(why.code().value()) : errc::refused,
                      .reason = why.advice().empty() ? why.what() : why.advice()});
    const std::span<const std::byte> whole{words};
    end_->send({.parts = {&whole, 1}}, patience::none());
} catch (const error&) {
    // it hears no more
}

}  // namespace signet::transport::relay
