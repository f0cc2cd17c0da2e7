// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/sysv/sysv_medium.hpp>

#include <signet/base/error.hpp>
#include <signet/os/poll.hpp>
#include <signet/transport/sysv/sysv_alarm.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace signet::transport::sysv {
namespace {

constexpr long type_of(letter_kind kind) {
    return static_cast<long>(kind) + 1;
}

constexpr long room_type = 16;
constexpr long want_room_type = 17;
constexpr long short_type = 18;  // a message of less than two bytes: its length, its byte or 0

constexpr std::uint64_t usual_message_bytes_max = 8192;
constexpr std::uint64_t usual_capacity_bytes = 16384;

constexpr letter the_end{static_cast<std::uint32_t>(letter_kind::end), 0};

/// How a letter lies in the queue.
class written_letter {
public:
    written_letter(letter_kind kind, std::span<const std::byte> bytes)
        : type_{type_of(kind)}, bytes_{bytes} {
        if (kind == letter_kind::end) bytes_ = padded_;
        if (kind != letter_kind::message || bytes.size() >= padded_.size()) return;
        type_ = short_type;
        padded_ = {static_cast<std::byte>(bytes.size()), bytes.empty() ? std::byte{} : bytes[0]};
        bytes_ = padded_;
    }
    written_letter(const written_letter&) = delete;
    written_letter& operator=(const written_letter&) = delete;

    long type() const noexcept { return type_; }
    std::span<const std::byte> bytes() const noexcept { return bytes_; }

private:
    long type_;
    std::span<const std::byte> bytes_;
    std::array<std::byte, 2> padded_{};
};

[[noreturn]] void complain_of_removal() {
    throw error{errc::damaged, "use channel", "sysv://",
                "somebody else removed its queue; connect again"};
}

os::sysv_types letters() {
    return os::sysv_types::all_but(room_type);
}

std::size_t capacity(const os::sysv_queue& of) {
    const auto facts = of.facts();
    return facts ? facts->capacity_bytes : usual_capacity_bytes;
}

}  // namespace

std::uint64_t message_bytes_max() {
    const auto limits = os::current_sysv_queue_limits();
    return std::min(limits.message_bytes_max.value_or(usual_message_bytes_max),
                    limits.capacity_bytes_max.value_or(usual_capacity_bytes));
}

sysv_medium::sysv_medium(int takes, int puts, std::unique_ptr<pair_hold> hold, peer_identity peer,
                         os::process watched)
    : bytes_max_{message_bytes_max()},
      hold_{std::move(hold)},
      peer_{std::move(peer)},
      watched_{std::move(watched)},
      takes_{os::sysv_queue::open_id(takes)},
      looks_{os::sysv_queue::open_id(takes)},
      puts_{os::sysv_queue::of_id(puts)},
      room_{os::sysv_queue::open_id(takes)},
      self_{os::sysv_queue::open_id(takes)},
      reply_{os::sysv_queue::of_id(puts)} {
    letters_max_ = capacity(takes_);
}

// A dead peer's queue has nobody else to remove it.
sysv_medium::~sysv_medium() {
    stop_taking();
    try {
        if (!watched_.running()) puts_.remove();
    } catch (const std::exception&) {
        // it stays listed, for the next to sweep
    }
}

// ---- putting ------------------------------------------------------------------------------------

bool sysv_medium::try_put(long type, std::span<const std::byte> bytes) {
    return puts_.try_send(type, bytes) == os::sysv_outcome::done;
}

bool sysv_medium::try_put(letter_kind kind, std::span<const std::byte> bytes) {
    const written_letter one{kind, bytes};
    // An empty end has room everywhere, but is taken by who only looks at it.
    return try_put(one.type(), one.bytes()) ||
           (kind == letter_kind::end && try_put(one.type(), {}));
}

bool sysv_medium::put(letter_kind kind, std::span<const std::byte> bytes) {
    const written_letter one{kind, bytes};
    return puts_.send(one.type(), one.bytes()) == os::sysv_outcome::done;
}

bool sysv_medium::wait_for_room(const os::process*, const patience& limit, stop_bell& bell) {
    if (!wanted_) wanted_ = try_put(want_room_type, {});
    if (!peer_takes()) return true;  // as the caller will see
    std::atomic<bool> rung{false};
    {
        const sysv_alarm alarm{limit, bell, [this, &rung] {
                                   // relaxed: read when that thread has ended
                                   rung.store(true, std::memory_order_relaxed);
                                   tell_self(room_type);
                               }};
        room_.wait(os::sysv_types::exactly(room_type));
    }
    if (!rung.load(std::memory_order_relaxed)) wanted_ = false;  // relaxed: as above
    return !is_over(limit);
}

bool sysv_medium::peer_takes() {
    return puts_.facts().has_value();
}

int sysv_medium::put_fd() {
    throw error{errc::unsupported, "watch channel", "sysv://",
                "System V queues tell nobody of room to send; use send_for, or mq://"};
}

// ---- taking -------------------------------------------------------------------------------------

std::optional<letter> sysv_medium::heard(const os::sysv_message& message,
                                         std::span<std::byte> buffer) {
    if (message.type == want_room_type) {
        tell_of_room();
        return std::nullopt;
    }
    if (message.type == type_of(letter_kind::end)) return the_end;
    if (message.type != short_type) {
        const long kind = std::min<long>(message.type - 1, letter_kinds);
        return letter{static_cast<std::uint32_t>(kind), message.bytes};
    }
    const std::size_t bytes = message.bytes == 2 && buffer[0] == std::byte{1} ? 1 : 0;
    buffer[0] = buffer[1];
    return letter{static_cast<std::uint32_t>(letter_kind::message), bytes};
}

std::optional<letter> sysv_medium::try_take(std::span<std::byte> buffer) {
    for (;;) {
        const auto message = takes_.try_receive(letters(), buffer);
        if (message.outcome != os::sysv_outcome::done) break;
        if (const auto one = heard(message, buffer)) return one;
    }
    // relaxed: set by a thread whose event, or whose end, has us look
    if (saw_end_.exchange(false, std::memory_order_relaxed)) return the_end;
    if (lookout_) lookout_->ask_again();
    return std::nullopt;
}

letter sysv_medium::take(std::span<std::byte> buffer) {
    for (;;) {
        if (lookout_) {
            if (const auto one = try_take(buffer)) return *one;
            os::wait_readable(lookout_->fd(), never);
            continue;
        }
        const auto message = takes_.receive(letters(), buffer, never);
        if (message.outcome == os::sysv_outcome::removed) complain_of_removal();
        if (const auto one = heard(message, buffer)) return *one;
    }
}

// What is empty is taken by looking at it.
void sysv_medium::absorb(const os::sysv_message& message) {
    if (message.type == want_room_type) tell_of_room();
    // relaxed: see try_take()
    if (message.type == type_of(letter_kind::end)) saw_end_.store(true, std::memory_order_relaxed);
}

bool sysv_medium::wait_for_letter(const patience& limit, stop_bell& bell) {
    if (lookout_) return wait_patiently(lookout_->fd(), os::readiness::readable, limit, bell);
    const sysv_alarm alarm{limit, bell, [this] { tell_self(type_of(letter_kind::wake)); }};
    absorb(looks_.wait(letters()));
    return !is_over(limit);
}

int sysv_medium::take_fd() {
    if (!lookout_) {
        const auto wait = [this] {
            const auto seen = looks_.wait(letters());
            absorb(seen);
            return seen.outcome != os::sysv_outcome::removed;
        };
        lookout_ =
            std::make_unique<sysv_lookout>(wait, [this] { tell_self(type_of(letter_kind::wake)); });
    }
    return lookout_->fd();
}

// ---- words between ------------------------------------------------------------------------------

void sysv_medium::tell_self(long type) noexcept {
    try {
        const std::lock_guard locked{telling_};
        self_.try_send(type, {});
    } catch (const std::exception&) {
        // no memory for it: who sleeps looks again when something else wakes it
    }
}

void sysv_medium::tell_of_room() noexcept {
    try {
        const std::lock_guard locked{telling_};
        reply_.try_send(room_type, {});
    } catch (const std::exception&) {
        // as above
    }
}

void sysv_medium::wake() noexcept {
    tell_self(type_of(letter_kind::wake));
    tell_self(room_type);
}

void sysv_medium::peer_died() noexcept {
    try {
        const std::lock_guard locked{telling_};
        reply_.remove();
    } catch (const std::exception&) {
        // we lost the right to, and with it that to wait there
    }
}

void sysv_medium::stop_taking() noexcept {
    lookout_.reset();
    try {
        takes_.remove();
    } catch (const std::exception&) {
        // it stays listed, for the next to sweep
    }
    tell_of_room();  // a peer that waits for it finds that nobody takes what it puts
}

}  // namespace signet::transport::sysv
