// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/service/call_stream.hpp>

#include <signet/base/error.hpp>
#include <signet/pattern/service/call_codes.hpp>
#include <signet/pattern/service/call_error.hpp>
#include <signet/pattern/service/call_session.hpp>
#include <signet/transport/patient_wait.hpp>
#include <signet/wire/arguments.hpp>

#include <algorithm>
#include <mutex>
#include <utility>

namespace signet::pattern {
namespace {

using transport::patience;

/// What a pump sends at once, and how much of it before others have a turn.
constexpr std::size_t pumped_bytes = std::size_t{32} << 10;

/// What stands before an item, at most.
constexpr std::size_t item_head_most = 32;

constexpr std::string_view subject = "stream";

std::vector<std::byte> notification(std::string_view method, std::uint32_t number,
                                    std::size_t arguments) {
    std::vector<std::byte> frame;
    wire::put_notification_head(frame, method, {}, arguments);
    wire::append_value(frame, number);
    return frame;
}

// Of an end that has ended the other end learns anyway.
void send_quietly(call_session& on, std::span<const std::byte> frames) {
    try {
        on.host.tell(on, {.parts = {&frames, 1}});
    } catch (const error&) {
        // the connection has ended, which whoever waits on it is told
    }
}

}  // namespace

void drop_stream(call_session& on, std::uint32_t number) {
    send_quietly(on, notification(drop_method, number, 1));
}

// ---- reading ------------------------------------------------------------------------------------

incoming_stream::incoming_stream(std::shared_ptr<call_session> on, std::uint32_t number)
    : on_{std::move(on)}, number_{number} {}

incoming_stream::~incoming_stream() {
    {
        const std::lock_guard locked{on_->host.mutex()};
        on_->stop_reading(number_, *this);
        on_->note_excess(-excess());
        if (ended_ || on_->over) return;
    }
    drop_stream(*on_, number_);
}

std::optional<std::vector<std::byte>> incoming_stream::next(const patience& limit) {
    call_host::lock locked{on_->host.mutex()};
    on_->host.await(locked, *on_, *this, limit);
    if (!there() && !transport::is_over(limit)) {
        throw call_error{std::make_error_code(std::errc::operation_canceled), subject,
                         "nobody waits for the call that reads it, or its server was stopped",
                         ran::maybe};
    }
    return take(locked);
}

std::optional<std::vector<std::byte>> incoming_stream::try_next() {
    call_host::lock locked{on_->host.mutex()};
    on_->host.try_await(locked, *on_, *this);
    return take(locked);
}

std::optional<std::vector<std::byte>> incoming_stream::take(call_host::lock& locked) {
    std::optional<std::vector<std::byte>> item;
    if (items_.empty()) {
        at_end_ = ended_;
        locked.unlock();
        if (at_end_ && why_) complain_of_end();
        return item;
    }
    item = std::move(items_.front());
    items_.pop_front();
    consumed_ += cost_of_item(item->size());
    if (consumed_ < stream_window_bytes / 2 || ended_) return item;
    const std::int64_t before = excess();
    allowed_ += consumed_;
    on_->note_excess(excess() - before);
    locked.unlock();
    allow_more(std::exchange(consumed_, 0));
    return item;
}

void incoming_stream::complain_of_end() const {
    try {
        std::rethrow_exception(why_);
    } catch (const call_error&) {
        throw;
    } catch (const error& e) {
        throw call_error{e.code(), subject, e.advice().empty() ? e.what() : e.advice(), ran::maybe};
    }
}

void incoming_stream::allow_more(std::int64_t bytes) const {
    std::vector<std::byte> frame = notification(more_method, number_, 2);
    wire::append_value(frame, bytes);
    send_quietly(*on_, frame);
}

void incoming_stream::put(std::span<const std::byte> item) {
    if (ended_) throw error{errc::peer_misbehaved, "read stream", {}, "an item behind its end"};
    if (allowed_ <= 0) {
        throw error{errc::peer_misbehaved, "read stream", {}, "more than it was allowed to write"};
    }
    allowed_ -= cost_of_item(item.size());
    on_->note_excess(excess());
    items_.emplace_back(item.begin(), item.end());
    tell();
}

void incoming_stream::end(std::exception_ptr why) {
    if (!std::exchange(ended_, true)) why_ = std::move(why);
    tell();
}

// ---- writing ------------------------------------------------------------------------------------

outgoing_stream::~outgoing_stream() {
    close();
}

void outgoing_stream::begin(std::shared_ptr<call_session> on) noexcept {
    on_ = std::move(on);
    credit_ = stream_window_bytes;
    stopped_ = false;
    resting_ = false;
}

void outgoing_stream::allow(std::int64_t bytes) {
    if (bytes <= 0 || bytes > stream_window_bytes - credit_) {
        throw error{errc::peer_misbehaved, "write stream", {}, "it allows more than the window"};
    }
    credit_ += bytes;
    if (credit_ <= 0) return;
    tell();
    wake_pump();
}

void outgoing_stream::stop() {
    stopped_ = true;
    tell();
    wake_pump();
}

void outgoing_stream::wake_pump() {
    if (std::exchange(resting_, false)) on_->host.resume(shared_from_this());
}

bool outgoing_stream::write(std::span<const std::byte> item, const patience& limit) {
    if (!begun()) throw contract_violation{"write to a stream that was given to no call"};
    if (closed_) throw contract_violation{"write to a stream that is closed"};
    {
        call_host::lock locked{on_->host.mutex()};
        on_->host.await(locked, *on_, *this, limit);
        if (stopped_ || credit_ <= 0) return false;
        credit_ -= cost_of_item(item.size());
    }
    std::vector<std::byte> frame;
    append_item(frame, item);
    const frame_bytes whole{frame};
    return on_->host.send(*on_, subject, {.parts = {&whole, 1}}, limit);
}

void outgoing_stream::append_item(std::vector<std::byte>& frames,
                                  std::span<const std::byte> item) const {
    wire::put_notification_head(frames, item_method, {}, 2);
    wire::append_value(frames, number_);
    frames.insert(frames.end(), item.begin(), item.end());
}

void outgoing_stream::close(const wire::rpc_failure* why) {
    if (!begun() || std::exchange(closed_, true)) return;
    source_ = nullptr;
    std::shared_ptr<outgoing_stream> self;  // until the mutex is given up
    {
        const std::lock_guard locked{on_->host.mutex()};
        self = on_->stop_writing(number_);
        if (stopped_) return;
    }
    std::vector<std::byte> frame = notification(end_method, number_, why == nullptr ? 1 : 2);
    if (why != nullptr) wire::append_failure(frame, *why);
    send_quietly(*on_, frame);
}

// ---- a pump -------------------------------------------------------------------------------------

void outgoing_stream::pump() try {
    std::vector<std::byte> frames;
    fill(frames) ? go_on() : close();
} catch (...) {  // whatever the source throws, its reader is told
    const wire::rpc_failure why = thrown_failure();
    close(&why);
}

// Sends what there is, whatever comes then. False: its source has come to the end, or nobody reads.
bool outgoing_stream::fill(std::vector<std::byte>& frames) {
    const auto send = [&] {
        const frame_bytes whole{frames};
        if (!frames.empty()) on_->host.tell(*on_, {.parts = {&whole, 1}});
        frames.clear();
    };
    const std::size_t most = std::min<std::uint64_t>(pumped_bytes, on_->line->frame_bytes_max());
    std::vector<std::byte> item;
    bool more = true;
    try {
        for (std::size_t bytes = 0; bytes < pumped_bytes && may_write(); bytes += item.size()) {
            item.clear();
            more = source_(item);
            if (!more) break;
            if (frames.size() + item.size() + item_head_most > most) send();
            append_item(frames, item);
            const std::lock_guard locked{on_->host.mutex()};
            credit_ -= cost_of_item(item.size());
        }
    } catch (...) {
        send();
        throw;
    }
    send();
    return more && !is_stopped();
}

bool outgoing_stream::may_write() {
    const std::lock_guard locked{on_->host.mutex()};
    return !stopped_ && credit_ > 0;
}

bool outgoing_stream::is_stopped() {
    const std::lock_guard locked{on_->host.mutex()};
    return stopped_;
}

// Only when all was sent: another thread may pump it from here on.
void outgoing_stream::go_on() {
    const std::lock_guard locked{on_->host.mutex()};
    resting_ = !there();
    if (!resting_) on_->host.resume(shared_from_this());
}

}  // namespace signet::pattern
