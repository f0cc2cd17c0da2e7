// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/tls/tls_stream.hpp>

#include <algorithm>
#include <utility>

namespace signet::transport::tls {
namespace {

constexpr std::size_t read_bytes = std::size_t{32} << 10;

}  // namespace

tls_stream::tls_stream(std::unique_ptr<tcp::tcp_end> below, tls_session session, std::string name)
    : below_{std::move(below)},
      name_{std::move(name)},
      session_{std::move(session)},
      input_(read_bytes) {}

// ---- the handshake: before anybody else has the stream ------------------------------------------

// One step. True: it is done; false: the deadline came first.
bool tls_stream::go_on(deadline until) {
    for (;;) {
        const tls_step step = session_.handshake();
        const os::stream_status out = flush(until);
        if (out == os::stream_status::timed_out) return false;
        if (step == tls_step::done) return true;
        const os::stream_status in = read_below(until);
        if (in == os::stream_status::timed_out) return false;
        if (in == os::stream_status::moved) continue;
        throw error{
            errc::peer_died, talking, name_,
            "the other end closed it in the middle of the handshake; does it speak TLS 1.3, "
            "and trust our certificate?"};
    }
}

void tls_stream::shake_hands(deadline until) {
    try {
        if (!go_on(until)) give_up();
    } catch (const error& why) {
        fail(why);
    }
    require_good();
}

bool tls_stream::try_shake_hands() {
    try {
        if (!go_on(deadline::min())) return false;
    } catch (const error& why) {
        fail(why);
        told_.emplace().signal();
    }
    return true;
}

void tls_stream::give_up() {
    fail(error{std::make_error_code(std::errc::timed_out), talking, name_,
               "the other end did not finish the handshake in time: it is stopped, accepts nobody, "
               "or does not speak TLS"});
    told_.emplace().signal();
}

void tls_stream::fail(const error& why) {
    {
        const std::lock_guard locked{guard_};
        if (!failed_) failed_ = why;
    }
    flush_if_free();  // the alert that tells the peer why
}

void tls_stream::require_good() const {
    const std::lock_guard locked{guard_};
    if (failed_) throw error{*failed_};
}

// ---- reading ------------------------------------------------------------------------------------

tls_step tls_stream::read_session(std::span<std::byte> buffer, std::size_t& bytes) {
    const std::lock_guard locked{guard_};
    return session_.read(buffer, bytes);
}

os::stream_status tls_stream::read_below(deadline until) {
    const os::stream_result got = below_->read_some(input_, until);
    if (got.bytes == 0) return got.status;
    const std::lock_guard locked{guard_};
    session_.give(std::span{input_}.first(got.bytes));
    return os::stream_status::moved;
}

// An end without TLS's own word is a broken connection: anybody in between could have cut it.
os::stream_result tls_stream::read_some(std::span<std::byte> buffer, deadline until) {
    require_good();
    for (;;) {
        std::size_t bytes = 0;
        tls_step step;
        try {
            step = read_session(buffer, bytes);
        } catch (const error& why) {
            fail(why);
            throw;
        }
        if (step == tls_step::done) return {os::stream_status::moved, bytes};
        if (step == tls_step::closed) return {os::stream_status::ended, 0};
        const os::stream_status more = read_below(until);
        if (more == os::stream_status::ended) return {os::stream_status::reset, 0};
        if (more != os::stream_status::moved) return {more, 0};
    }
}

bool tls_stream::has_read_ahead() const noexcept {
    const std::lock_guard locked{guard_};
    return session_.has_input();
}

// ---- writing ------------------------------------------------------------------------------------

// With `writing_` held, or before there are threads.
os::stream_status tls_stream::flush(deadline until) {
    for (;;) {
        if (output_begin_ == output_.size()) {
            output_.clear();
            output_begin_ = 0;
            const std::lock_guard locked{guard_};
            session_.take(output_);
        }
        if (output_.empty()) return os::stream_status::moved;
        const auto rest = std::span<const std::byte>{output_}.subspan(output_begin_);
        const os::stream_result result = below_->write_some(rest, until);
        output_begin_ += result.bytes;
        if (result.status != os::stream_status::moved) return result.status;
    }
}

// Whoever holds `writing_` takes along what the session has to say.
void tls_stream::flush_if_free() {
    const std::unique_lock locked{writing_, std::try_to_lock};
    if (!locked) return;
    try {
        flush(deadline::min());
    } catch (const error&) {
        // the peer is gone, and need not be told
    }
}

os::stream_result tls_stream::write_some(std::span<const std::byte> bytes, deadline until) {
    const std::lock_guard locked{writing_};
    require_good();
    const os::stream_status before = flush(until);
    if (before != os::stream_status::moved || bytes.empty()) return {before, 0};
    if (std::exchange(held_, false)) return {os::stream_status::moved, 1};
    const auto some = bytes.first(std::min(bytes.size(), record_bytes_max));
    {
        const std::lock_guard guarded{guard_};
        session_.write(some);
    }
    const os::stream_status status = flush(until);
    if (status == os::stream_status::moved) return {status, some.size()};
    if (status != os::stream_status::timed_out) return {status, 0};
    // A lone byte goes with what is written next, or with the end.
    if (some.size() == 1) return {os::stream_status::moved, 1};
    held_ = true;
    return {status, some.size() - 1};
}

bool tls_stream::end_writing() {
    const std::lock_guard locked{writing_};
    {
        const std::lock_guard guarded{guard_};
        if (!failed_) session_.close();
    }
    flush(deadline::min());
    return below_->end_writing();
}

// ---- who and where ------------------------------------------------------------------------------

peer_identity tls_stream::peer() const {
    peer_identity who = below_->peer();
    const std::lock_guard locked{guard_};
    if (!failed_) who.certificate = session_.peer_subject();
    return who;
}

// One that failed before its use is readable, so that whoever waits for it is told.
int tls_stream::read_fd() const noexcept {
    return told_ ? told_->fd() : below_->read_fd();
}

}  // namespace signet::transport::tls
