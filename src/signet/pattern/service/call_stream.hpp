// SPDX-License-Identifier: Apache-2.0
// Streams of items that travel beside the calls of a connection, in either direction. Who writes
// may be a window ahead of who reads: so a slow reader holds the writer back, and neither keeps
// more than the window and one item. docs/design/services.md draws it.
//
// Thread safety: what waits, or ends a stream, is its owner's, one thread at a time; the rest is
// under the mutex of the host. The host must outlive its streams.
#pragma once

#include <signet/pattern/service/call_host.hpp>
#include <signet/transport/topic.hpp>
#include <signet/wire/rpc_frame.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace signet::pattern {

class call_session;

/// So many bytes of items a writer is ahead of its reader, and one item.
inline constexpr std::int64_t stream_window_bytes = std::int64_t{256} << 10;

/// What an item counts: what it takes to keep it, roughly.
constexpr std::int64_t cost_of_item(std::size_t bytes) {
    return static_cast<std::int64_t>(bytes) + 32;
}

/// One that the other end writes.
class incoming_stream final : public awaited {
public:
    /// With the mutex held; it is entered in the connection by who makes it.
    incoming_stream(std::shared_ptr<call_session> on, std::uint32_t number);

    /// The other end is told that nobody reads any more.
    ~incoming_stream() override;

    /// The next item, one value. None: it has ended in order, or the patience ended. Throws what
    /// the writer threw (remote_error), or call_error: the connection ended, or the call that is
    /// served here was cancelled.
    std::optional<std::vector<std::byte>> next(const transport::patience& limit);

    /// The same without waiting: at_end() says whether there will be none.
    std::optional<std::vector<std::byte>> try_next();

    /// Whether next() does not wait. With the mutex held.
    bool there() const noexcept override { return !items_.empty() || ended_; }

    /// Whether next() found its end.
    bool at_end() const noexcept { return at_end_; }

    const std::shared_ptr<call_session>& on() const noexcept { return on_; }

    // By who reads the connection. The first throws `error` (peer_misbehaved): it is beyond what
    // was allowed.
    void put(std::span<const std::byte> item);
    void end(std::exception_ptr why);

private:
    std::optional<std::vector<std::byte>> take(call_host::lock& locked);
    [[noreturn]] void complain_of_end() const;
    void allow_more(std::int64_t bytes) const;
    std::int64_t excess() const noexcept { return allowed_ < 0 ? -allowed_ : 0; }

    const std::shared_ptr<call_session> on_;
    const std::uint32_t number_;
    bool at_end_ = false;        ///< the owner's
    std::int64_t consumed_ = 0;  ///< the owner's: since more was allowed

    std::deque<std::vector<std::byte>> items_;
    std::int64_t allowed_ = stream_window_bytes;
    bool ended_ = false;
    std::exception_ptr why_;  ///< null: in order
};

/// One that we write.
class outgoing_stream final : public awaited, public std::enable_shared_from_this<outgoing_stream> {
public:
    /// Appends the next item, one value; false: there is none.
    using source = std::function<bool(std::vector<std::byte>& item)>;

    /// What `from` gives is written by whoever serves the host; no source: by write().
    explicit outgoing_stream(source from = {}) : source_{std::move(from)} {}
    ~outgoing_stream() override;

    /// What the other end is to call it; before it begins, on a connection. The latter with the
    /// mutex held; again, or null, where that connection ended before it was told of it.
    void number_as(std::uint32_t number) noexcept { number_ = number; }
    void begin(std::shared_ptr<call_session> on) noexcept;
    call_session& on() const noexcept { return *on_; }
    bool begun() const noexcept { return on_ != nullptr; }
    std::uint32_t number() const noexcept { return number_; }
    bool pumped() const noexcept { return source_ != nullptr; }

    /// Sends an item, when the reader lets us. False: it wants no more, or the connection or the
    /// patience ended.
    bool write(std::span<const std::byte> item, const transport::patience& limit);

    /// Ends it, in order or with what failed. What is written later is dropped.
    void close(const wire::rpc_failure* why = nullptr);

    /// The next one of the source, appended. For who reads it itself.
    bool next_item(std::vector<std::byte>& into) { return source_(into); }

    /// Writes what the source has, as long as the reader lets us and others need not have a turn.
    void pump();

    bool there() const noexcept override { return credit_ > 0 || stopped_; }

    // By who reads the connection. The first throws `error` (peer_misbehaved): more than the
    // window.
    void allow(std::int64_t bytes);
    void stop();

private:
    bool fill(std::vector<std::byte>& frames);
    bool may_write();
    bool is_stopped();
    void go_on();
    void append_item(std::vector<std::byte>& frames, std::span<const std::byte> item) const;
    void wake_pump();

    source source_;
    std::shared_ptr<call_session> on_;
    std::uint32_t number_ = 0;
    bool closed_ = false;  ///< the owner's

    std::int64_t credit_ = stream_window_bytes;
    bool stopped_ = false;  ///< the reader wants no more, or the connection has ended
    bool resting_ = false;  ///< the pump waits to be allowed more
};

/// Tells who writes it that nobody will read that stream.
void drop_stream(call_session& on, std::uint32_t number);

}  // namespace signet::pattern
