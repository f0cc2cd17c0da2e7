// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/medium_channel.hpp>

#include <signet/base/error.hpp>
#include <signet/os/poll.hpp>
#include <signet/transport/channel_watch.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>

namespace signet::transport {
namespace {

/// What stands before the greeting in a hello: who speaks, to be watched.
struct speaker {
    std::uint64_t pid;
    std::uint64_t pid_namespace;
};
static_assert(sizeof(speaker) == 16);

bool waits_for_ever(const patience& limit) {
    return limit.until == never && !limit.stop.stop_possible();
}

channel_options checked(const channel_options& options, const message_medium& medium,
                        const std::string& name) {
    check_medium_options(options, name);
    channel_options lowered = options;
    lowered.message_bytes_max =
        std::min<std::uint64_t>(options.message_bytes_max, medium.put_bytes_max());
    return lowered;
}

}  // namespace

void check_medium_options(const channel_options& options, const std::string& name) {
    if (options.frames != framing::messages) {
        throw error{errc::unsupported, "open channel", name,
                    "it carries Signet's messages only; for lines and bytes use unix:// or tcp://"};
    }
    if (options.message_bytes_max != 0) return;
    throw error{errc::bad_option, "open channel", name, "message_bytes_max is at least 1"};
}

// ---- making one ---------------------------------------------------------------------------------

medium_channel::medium_channel(std::unique_ptr<message_medium> medium, std::string name,
                               const channel_types& types, const channel_options& options,
                               std::optional<os::process> peer)
    : medium_{std::move(medium)},
      name_{std::move(name)},
      types_{types},
      options_{checked(options, *medium_, name_)},
      input_(medium_->take_bytes_max()),
      letters_max_{medium_->letters_max()},
      process_{std::move(peer)} {
    say_hello();
    if (!process_) return;
    watch_for_death_of(*process_);
    take_hello_early();
}

void medium_channel::say_hello() {
    const speaker us{static_cast<std::uint64_t>(os::current_pid()), os::current_pid_namespace()};
    const auto greeting = written_greeting(types_, options_);
    const auto who = std::as_bytes(std::span{&us, 1});
    std::vector<std::byte> all(who.begin(), who.end());
    all.insert(all.end(), greeting.begin(), greeting.end());
    const std::size_t most = medium_->put_bytes_max();
    std::span<const std::byte> rest{all};
    bool fits = all.size() <= greeting_bytes_max;
    for (; fits && rest.size() > most; rest = rest.subspan(most)) {
        fits = medium_->try_put(letter_kind::hello_part, rest.first(most));
    }
    if (fits && medium_->try_put(letter_kind::hello, rest)) return;
    if (process_ && !medium_->peer_takes()) return;  // what it said before may be there
    throw error{errc::too_large, "open channel", name_,
                "what describes the types has " + std::to_string(all.size()) +
                    " bytes, for which a queue has no room"};
}

void medium_channel::watch_for_death_of(const os::process& other) {
    watch_.emplace(other, [this] {
        dead_.store(true, std::memory_order_release);  // SYNC peer dead
        medium_->peer_died();
        medium_->wake();
    });
}

void medium_channel::await_greeting(const patience& limit, const os::process* listener) {
    const std::lock_guard locked{receiving_};
    if (listener != nullptr) watch_for_death_of(*listener);
    incoming none;
    while (!peer_) {
        const auto first = next(limit);
        if (!first) {
            throw error{std::make_error_code(std::errc::timed_out), "open channel", name_,
                        "the other end did not say hello in time: it is stopped, or accepts "
                        "nobody, or may not look into /proc/<pid>/fd of this process"};
        }
        read(*first, none);
    }
}

medium_channel::~medium_channel() {
    if (!here_.still()) {
        static_cast<void>(medium_.release());  // the parent's, which goes on with it
        return;
    }
    watch_.reset();
    try {
        end_sending({after(options_.linger), {}});
        medium_->stop_taking();
        if (last_word_) put(*last_word_, {}, patience::none());
    } catch (const std::exception&) {
        medium_->stop_taking();  // the peer is gone: nobody is left to be told
    }
}

const wire::type_descriptor* medium_channel::peer_sends() const noexcept {
    return peer_ && peer_->sends ? &*peer_->sends : nullptr;
}

void medium_channel::complain(errc code, const std::string& why) const {
    throw error{code, "use channel", name_, why};
}

void medium_channel::complain_of_death() const {
    complain(errc::peer_died,
             "the other process ended without closing it; connect again when it is back");
}

// ---- receiving ----------------------------------------------------------------------------------

flow medium_channel::receive(incoming& into, const patience& limit) {
    into.bytes = {};
    into.descriptors.clear();
    const std::lock_guard locked{receiving_};
    for (;;) {
        if (!refusal_.empty()) complain(errc::refused, refusal_);
        if (said_end_) return flow::ended;
        const auto one = next(limit);
        if (!one) return flow::timed_out;
        if (read(*one, into)) return flow::done;
    }
}

// The next letter, whatever it says. None: the patience ended.
std::optional<letter> medium_channel::next(const patience& limit) {
    for (;;) {
        if (!late_.empty()) return take_late();
        const bool dead = dead_.load(std::memory_order_acquire);  // SYNC peer dead
        const bool sure = !dead && peer_may_put();
        if (sure && waits_for_ever(limit)) {
            ++taken_;
            return medium_->take(input_);
        }
        if (const auto one = note(medium_->try_take(input_))) return one;
        if (!sure) complain_of_death();  // what it put before is what was there
        if (is_over(limit)) return std::nullopt;
        if (!medium_->wait_for_letter(limit, receive_stop_)) return std::nullopt;
    }
}

// Whether it, having taken what is there, can wait for more.
bool medium_channel::peer_may_put() {
    if (taken_ < letters_max_) return true;
    if (!medium_->peer_takes()) return false;
    taken_ = 0;
    return true;
}

std::optional<letter> medium_channel::take_late() {
    const late_letter first = std::move(late_.front());
    late_.pop_front();
    std::copy(first.bytes.begin(), first.bytes.end(), input_.begin());
    return letter{first.kind, first.bytes.size()};
}

std::optional<letter> medium_channel::note(std::optional<letter> taken) {
    if (taken) ++taken_;
    return taken;
}

// Whether it was a message.
bool medium_channel::read(const letter& one, incoming& into) {
    if (one.kind >= letter_kinds) complain(errc::peer_misbehaved, "it sent a letter of no kind");
    const std::span<const std::byte> body{input_.data(), one.bytes};
    switch (letter_kind{one.kind}) {
        case letter_kind::wake: return false;
        case letter_kind::end: said_end_ = true; return false;
        case letter_kind::hello_part:
        case letter_kind::hello:
            read_hello(body, letter_kind{one.kind} == letter_kind::hello);
            return false;
        case letter_kind::refusal:
            refusal_.assign(reinterpret_cast<const char*>(body.data()), body.size());
            complain(errc::refused, refusal_);
        case letter_kind::message: break;
    }
    if (!peer_) complain(errc::peer_misbehaved, "it did not say hello");
    if (body.size() > options_.message_bytes_max) {
        complain(errc::too_large, "the peer sends " + std::to_string(body.size()) +
                                      " bytes at once; we take " +
                                      std::to_string(options_.message_bytes_max));
    }
    into.bytes = body;
    return true;
}

void medium_channel::read_hello(std::span<const std::byte> piece, bool last) {
    if (peer_) complain(errc::peer_misbehaved, "it said hello twice");
    if (hello_.size() + piece.size() > greeting_bytes_max) {
        complain(errc::peer_misbehaved, "its hello has no end");
    }
    hello_.insert(hello_.end(), piece.begin(), piece.end());
    if (last) meet(hello_);
}

void medium_channel::meet(std::span<const std::byte> hello) {
    if (hello.size() < sizeof(speaker)) complain(errc::peer_misbehaved, "it did not say who it is");
    try {
        learn_of_peer(hello.first(sizeof(speaker)));
        greeting theirs = read_greeting(hello.subspan(sizeof(speaker)));
        require_readable(types_, theirs);
        peer_ = std::move(theirs);
    } catch (const error& why) {
        const std::string_view text = why.what();
        // One that is sending may wait for ever: the peer takes no more, and sees us go.
        const guest_lock::visit visit{sending_};
        if (visit) {
            end_with(letter_kind::refusal, std::as_bytes(std::span{text}), patience::none());
        }
        throw;
    }
}

// The pid means the process that takes our letters: it did so after we had got hold of it.
void medium_channel::learn_of_peer(std::span<const std::byte> who) {
    if (process_) return;
    speaker peer{};
    std::memcpy(&peer, who.data(), sizeof peer);
    if (peer.pid_namespace != os::current_pid_namespace()) {
        complain(errc::unsupported,
                 "the other end is in another pid namespace, where its death could not be seen; "
                 "use unix:// or tcp://");
    }
    if (peer.pid > 0 && peer.pid <= std::uint64_t{1} << 22) {
        process_ = os::process::open(static_cast<int>(peer.pid));
    }
    watch_.reset();                                 // of who listens, which may be another process
    dead_.store(false, std::memory_order_relaxed);  // relaxed: likewise
    if (process_ && medium_->peer_takes()) return watch_for_death_of(*process_);
    dead_.store(true, std::memory_order_relaxed);  // relaxed: this thread is the one that looks
}

// Takes one, if there is one, and keeps it apart from what the user may still have in sight.
const medium_channel::late_letter* medium_channel::take_early() {
    early_.resize(input_.size());
    const auto one = medium_->try_take(early_);
    if (!one) return nullptr;
    const auto end = early_.begin() + static_cast<std::ptrdiff_t>(one->bytes);
    return &late_.emplace_back(late_letter{one->kind, {early_.begin(), end}});
}

// It is there, and needs its room no longer.
void medium_channel::take_hello_early() {
    for (std::size_t i = 0; i < letters_max_; ++i) {
        const auto* const one = take_early();
        if (one == nullptr || one->kind != static_cast<std::uint32_t>(letter_kind::hello_part))
            return;
    }
}

// Whether the peer, which takes no more, said so.
bool medium_channel::finds_end() {
    bool any = false;
    for (std::size_t i = 0; i <= letters_max_ && take_early() != nullptr; ++i) any = true;
    if (any) medium_->wake();  // for who watches the descriptor
    return said_end_ || std::any_of(late_.begin(), late_.end(), [](const late_letter& one) {
               return one.kind == static_cast<std::uint32_t>(letter_kind::end);
           });
}

// ---- sending ------------------------------------------------------------------------------------

flow medium_channel::send(const outgoing& message, const patience& limit) {
    check_sendable(message);
    const std::lock_guard locked{sending_};
    if (ended_) throw contract_violation{"send on channel '" + name_ + "' after its end was said"};
    // SYNC peer dead
    if (dead_.load(std::memory_order_acquire)) return peer_gone();
    if (put(letter_kind::message, joined(message), limit)) return flow::done;
    const bool gone = dead_.load(std::memory_order_acquire);  // SYNC peer dead
    return gone || !medium_->peer_takes() ? peer_gone() : flow::timed_out;
}

void medium_channel::check_sendable(const outgoing& message) const {
    std::uint64_t bytes = 0;
    for (const auto part : message.parts) bytes += part.size();
    if (bytes > options_.message_bytes_max) {
        throw error{errc::too_large, "send on channel", name_,
                    "the message has " + std::to_string(bytes) + " bytes; message_bytes_max is " +
                        std::to_string(options_.message_bytes_max)};
    }
    if (message.descriptors.empty()) return;
    throw error{errc::unsupported, "send on channel", name_,
                "descriptors do not fit into such a message; unix:// passes them"};
}

std::span<const std::byte> medium_channel::joined(const outgoing& message) {
    if (message.parts.size() == 1) return message.parts.front();
    output_.clear();
    for (const auto part : message.parts) output_.insert(output_.end(), part.begin(), part.end());
    return output_;
}

// False: the patience ended, or the peer takes no more.
bool medium_channel::put(letter_kind kind, std::span<const std::byte> bytes,
                         const patience& limit) {
    if (process_ && waits_for_ever(limit)) return medium_->put(kind, bytes);
    while (!medium_->try_put(kind, bytes)) {
        if (!medium_->peer_takes() || is_over(limit)) return false;
        if (process_ && !process_->running()) {
            dead_.store(true, std::memory_order_release);  // SYNC peer dead
            return false;
        }
        if (!medium_->wait_for_room(process_ ? &*process_ : nullptr, limit, send_stop_))
            return false;
    }
    return true;
}

flow medium_channel::flush(const patience& limit) {
    const std::lock_guard locked{sending_};
    if (last_word_ && put(*last_word_, {}, limit)) last_word_.reset();
    return last_word_ ? flow::timed_out : flow::done;
}

void medium_channel::end_sending(const patience& limit) {
    const std::lock_guard locked{sending_};
    if (!ended_) {
        end_with(letter_kind::end, {}, limit);
    } else if (last_word_ && put(*last_word_, {}, limit)) {
        last_word_.reset();
    }
}

// Where there is no room in time, an end is said later; why we refuse is not.
bool medium_channel::end_with(letter_kind last, std::span<const std::byte> body,
                              const patience& limit) {
    ended_ = true;
    const bool said = put(last, body.first(std::min(body.size(), medium_->put_bytes_max())), limit);
    if (!said) last_word_ = letter_kind::end;
    return said;
}

flow medium_channel::peer_gone() {
    // Another thread that receives learns it by itself.
    const guest_lock::visit visit{receiving_};
    if (!visit) {
        if (dead_.load(std::memory_order_acquire)) complain_of_death();  // SYNC peer dead
        return flow::ended;
    }
    if (finds_end()) return flow::ended;
    complain_of_death();
}

// ---- waiting ------------------------------------------------------------------------------------

bool medium_channel::ready(direction which) {
    if (which == direction::sending) return os::wait_writable(medium_->put_fd(), deadline::min());
    const std::lock_guard locked{receiving_};
    const bool dead = dead_.load(std::memory_order_acquire);  // SYNC peer dead
    return !late_.empty() || said_end_ || dead || !refusal_.empty() ||
           os::wait_readable(medium_->take_fd(), deadline::min());
}

std::unique_ptr<waitable> medium_channel::watch(std::shared_ptr<channel_end> self,
                                                direction which) {
    if (which == direction::receiving) return watch_readable(std::move(self), fd());
    return watch_writable(std::move(self), medium_->put_fd());
}

}  // namespace signet::transport
