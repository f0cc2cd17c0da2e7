// SPDX-License-Identifier: Apache-2.0
#include <signet/face/raw_queue.hpp>

#include <signet/base/name.hpp>
#include <signet/face/queue_watch.hpp>
#include <signet/face/typed_queue.hpp>
#include <signet/os/random.hpp>
#include <signet/pattern/queue/durable_queue.hpp>
#include <signet/wire/descriptor_codec.hpp>
#include <signet/wire/difference.hpp>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace signet {
namespace {

using pattern::queue_core;
using pattern::queue_place;
using pattern::queue_shape;
using pattern::wait_outcome;

constexpr const char* open_queue_text = "open queue";

std::uint64_t hash_of(std::string_view text, std::uint64_t seed) noexcept {
    std::uint64_t hash = seed;
    for (const char each : text) {
        hash = (hash ^ static_cast<unsigned char>(each)) * 0x100000001b3;  // FNV-1a
        hash ^= hash >> 29;
    }
    return hash;
}

/// The path of "file:///var/lib/app/jobs"; no value: it is the name of one in shared memory.
std::optional<std::string> path_of(std::string_view address) {
    const signet::address where = split_address(address);
    if (where.scheme == "shm") return std::nullopt;
    if (where.scheme == "file" && where.name.starts_with('/')) return where.name;
    throw error{errc::unsupported, open_queue_text, address,
                "a queue has a name, such as \"shop/orders\", or is a directory on a disk: "
                "\"file:///var/lib/shop/orders\""};
}

// ---- what is asked for, and what there is -------------------------------------------------------

queue_shape shape_of(const wire::type_descriptor* type, const queue_options& options,
                     pattern::queue_readers readers) {
    queue_shape shape;
    shape.bytes = options.bytes.value_or(shape.bytes);
    shape.message_bytes_max = options.message_bytes_max.value_or(shape.message_bytes_max);
    shape.priorities = options.priorities.value_or(shape.priorities);
    shape.seats = options.seats.value_or(shape.seats);
    shape.deliveries_max = options.deliveries_max.value_or(shape.deliveries_max);
    shape.id_window = options.id_window.value_or(shape.id_window);
    shape.expired = options.expired.value_or(shape.expired);
    shape.least = options.least;
    shape.readers = readers;
    if (type == nullptr) return shape;
    shape.payload_alignment = std::max(shape.payload_alignment, type->alignment());
    shape.type = wire::encode(*type);
    return shape;
}

std::string text_of(std::uint64_t number) {
    return std::to_string(number);
}
std::string text_of(std::chrono::nanoseconds time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) +
           " ms";
}
std::string text_of(expired_messages what) {
    return what == expired_messages::dropped ? "dropped" : "kept as dead letters";
}

template <class Value>
void compare(std::string& lines, const char* what, const std::optional<Value>& asked,
             const Value& has) {
    if (!asked || *asked == has) return;
    lines +=
        std::string{"\n  "} + what + ": asked for " + text_of(*asked) + ", it has " + text_of(has);
}

void require_shape(const queue_core& made, const queue_options& options) {
    const queue_shape& has = made.shape();
    std::string lines;
    compare(lines, "message_bytes_max", options.message_bytes_max, has.message_bytes_max);
    compare(lines, "priorities", options.priorities, has.priorities);
    compare(lines, "deliveries_max", options.deliveries_max, has.deliveries_max);
    compare(lines, "id_window", options.id_window, has.id_window);
    compare(lines, "expired", options.expired, has.expired);
    compare(lines, "seats", options.seats, has.seats);
    if (lines.empty()) return;
    throw error{errc::bad_option, open_queue_text, made.name(),
                "it was made otherwise; leave out what is to be as it is:" + lines};
}

void require_type(const queue_core& made, const wire::type_descriptor& ours) {
    const auto& theirs = made.shape().type;
    if (theirs.empty()) {
        throw error{errc::incompatible_type, open_queue_text, made.name(),
                    "its messages are bytes of no type; open it as raw_queue"};
    }
    std::string lines;
    for (const auto& line : wire::layout_differences(ours, wire::decode_descriptor(theirs))) {
        lines += "\n  " + line;
    }
    if (lines.empty()) return;
    throw error{errc::incompatible_type, open_queue_text, made.name(),
                "it was made for another layout:" + lines};
}

/// The engine compares types as a whole; what differs is told here, and names of types alone do not
/// matter.
std::shared_ptr<queue_core> core_of_type(std::string_view address, const queue_options& options,
                                         queue_shape shape, pattern::opening how) try {
    return face::core_at(address, options.directory, shape, how);
} catch (const error& e) {
    if (e.code() != errc::incompatible_type || how == pattern::opening::create) throw;
    shape.type.clear();
    return face::core_at(address, options.directory, shape, pattern::opening::open);
}

}  // namespace

message_id message_id_of(std::string_view text) noexcept {
    message_id id;
    if (text.size() <= id.bytes.size()) {
        std::memcpy(id.bytes.data(), text.data(), text.size());
        return id;
    }
    const std::uint64_t halves[] = {hash_of(text, 0xcbf29ce484222325),
                                    hash_of(text, 0x9e3779b97f4a7c15)};
    static_assert(sizeof halves == sizeof id.bytes);
    std::memcpy(id.bytes.data(), halves, sizeof halves);
    return id;
}

namespace face {

std::shared_ptr<queue_core> core_at(std::string_view address, const std::string& directory,
                                    const queue_shape& shape, pattern::opening how) {
    if (const auto path = path_of(address)) return pattern::open_durable_queue(*path, shape, how);
    const queue_place where = queue_place::named(address, directory);
    switch (how) {
        case pattern::opening::create: return queue_core::create(where, shape);
        case pattern::opening::open: return queue_core::open(where, shape);
        case pattern::opening::open_or_create: break;
    }
    return queue_core::open_or_create(where, shape);
}

bool remove_queue_at(std::string_view address, const std::string& directory) {
    if (const auto path = path_of(address)) return pattern::remove_durable_queue(*path);
    return queue_core::remove(queue_place::named(address, directory));
}

std::unique_ptr<open_queue> open_queue_at(std::string_view address,
                                          const wire::type_descriptor* type,
                                          const queue_options& options, pattern::opening how,
                                          pattern::queue_readers readers) {
    const queue_shape shape = shape_of(type, options, readers);
    auto core = core_of_type(address, options, shape, how);
    if (type != nullptr) require_type(*core, *type);
    if (how != opening::create) require_shape(*core, options);
    return std::make_unique<open_queue>(
        open_queue{std::move(core), options.directory, options.acknowledging});
}

std::string unique_mailbox_name() {
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx",
                  static_cast<unsigned long long>(os::random_u64()));
    return std::string{"_reply/"} + digits;
}

// ---- a message ----------------------------------------------------------------------------------

pattern::held_message& delivery_in_hand::decided() {
    if (message_) return message_;
    throw contract_violation{"a message of a queue is decided once, and this is none or was"};
}

// What cannot be told to anybody here is told by the next use of the queue.
void delivery_in_hand::decide_dropped() noexcept try {
    const bool unwinding = std::uncaught_exceptions() > thrown_;
    if (from_->acknowledging == ack_mode::on_drop && !unwinding) {
        ack();
    } else {
        give_back();
    }
} catch (...) {
}

bool delivery_in_hand::reply_bytes(std::span<const std::byte> answer,
                                   const wire::type_descriptor* type) try {
    decided();
    const std::string_view where = reply_to();
    if (where.empty()) throw contract_violation{"reply: the message does not say where to"};
    const auto box = open_queue_at(where, type, {.directory = from_->directory}, opening::open,
                                   pattern::queue_readers::anybody);
    if (box->core->try_push(answer) != push_outcome::full) return true;
    throw error{errc::limit_reached, "reply", where, "the mailbox there is full"};
} catch (const error& e) {
    if (e.code() == std::errc::no_such_file_or_directory) return false;
    if (e.code() == errc::peer_died) return false;
    throw;
}

// ---- a handle -----------------------------------------------------------------------------------

namespace {

/// Waits for its turn to look again; at the end of the patience there is one more. A stop of the
/// handle ends it as the caller's does.
class looks {
public:
    looks(const std::stop_source& stopping, const sync::patience& limit)
        : stopping_{stopping}, limit_{limit}, last_{limit.until == deadline::min()} {}

    template <class Wait>
    bool again(Wait&& wait) {
        if (last_) return false;
        const bool woken = patiently(limit_.until, wait) == wait_outcome::woken;
        last_ = stopping_.stop_requested() || limit_.stop.stop_requested() ||
                (limit_.until != never && clock::now() >= limit_.until);
        return woken;
    }

    template <class Wait>
    auto patiently(deadline until, Wait&& wait) {
        const std::stop_token own = stopping_.get_token();
        if (!limit_.stop.stop_possible()) return wait({until, own});
        std::stop_source either;
        const auto end = [&] { either.request_stop(); };
        const std::stop_callback on_own{own, end};
        const std::stop_callback on_callers{limit_.stop, end};
        return wait({until, either.get_token()});
    }

private:
    const std::stop_source& stopping_;  // a token costs two locked instructions
    const sync::patience& limit_;
    bool last_;
};

}  // namespace

std::unique_ptr<transport::waitable> queue_handle::watch() const {
    return watch_queue(queue_->core);
}

std::optional<pattern::held_message> queue_handle::take(const sync::patience& limit) {
    if (limit.until != deadline::min() && stopped(limit)) return std::nullopt;
    const auto wait = [&](const sync::patience& until) { return core().wait_for_message(until); };
    looks more{queue_->stopping, limit};
    auto got = core().try_pop();
    while (!got && more.again(wait)) got = core().try_pop();
    return got;
}

push_outcome queue_handle::put(std::span<const std::byte> payload, const push_terms& terms,
                               const sync::patience& limit) {
    const auto wait = [&](const sync::patience& until) {
        return core().wait_for_room(payload.size(), terms, until);
    };
    looks more{queue_->stopping, limit};
    // The disk takes its time, also for who does not wait for room.
    const deadline safe_by = limit.until == deadline::min() ? never : limit.until;
    const bool durable = core().shape().least == durability::host_crash;
    const auto push_once = [&](const sync::patience& until) {
        return core().try_push(payload, terms, until);
    };
    const auto look = [&] { return durable ? more.patiently(safe_by, push_once) : push_once({}); };
    push_outcome became = look();
    while (became == push_outcome::full && more.again(wait)) became = look();
    return became;
}

push_outcome queue_handle::put(draft_in_hand&& written) {
    if (!written.memory_ || written.of_ != queue_.get()) {
        throw contract_violation{"push: the loan is empty, or of another queue"};
    }
    return core().push(std::move(written.memory_));
}

draft_in_hand queue_handle::borrow(std::uint64_t bytes, const push_terms& terms,
                                   const sync::patience& limit) {
    const auto wait = [&](const sync::patience& until) {
        return core().wait_for_room(bytes, terms, until);
    };
    looks more{queue_->stopping, limit};
    auto got = core().try_loan(bytes, terms);
    while (!got && more.again(wait)) {
        got = core().try_loan(bytes, terms);
    }
    return got ? draft_in_hand{*queue_, std::move(*got)} : draft_in_hand{};
}

}  // namespace face

std::optional<wire::type_descriptor> raw_queue::type() const {
    const auto& encoded = core().shape().type;
    if (encoded.empty()) return std::nullopt;
    return wire::decode_descriptor(encoded);
}

void raw_queue::note_size() {
    if (const auto known = type(); known && known->has_fixed_size()) size_ = known->size();
}

void raw_queue::require_size(std::uint64_t bytes) const {
    if (size_ == 0 || size_ == bytes) return;
    throw contract_violation{"push: a message of this queue has " + std::to_string(size_) +
                             " bytes, not " + std::to_string(bytes)};
}

}  // namespace signet
