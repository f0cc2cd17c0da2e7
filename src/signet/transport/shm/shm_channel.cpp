// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/shm_channel.hpp>

#include <signet/base/error.hpp>
#include <signet/life/fork_ledger.hpp>
#include <signet/os/poll.hpp>
#include <signet/transport/shm/ring_watch.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <stop_token>
#include <utility>

namespace signet::transport::shm {
namespace {

std::uint64_t size_of(const outgoing& message) {
    std::uint64_t bytes = 0;
    for (const auto part : message.parts) bytes += part.size();
    return bytes;
}

memory::beside beside_of(const outgoing& message) {
    return message.descriptors.empty() ? memory::beside::nothing : memory::beside::files;
}

life::fence_mode common(life::fence_mode a, life::fence_mode b) {
    using life::fence_mode;
    const bool both = a == fence_mode::on_demand && b == fence_mode::on_demand;
    return both ? fence_mode::on_demand : fence_mode::always;
}

}  // namespace

// ---- making one ---------------------------------------------------------------------------------

shm_channel::meeting::meeting(peer_side given, own_side& ours)
    : peer{std::move(given)},
      reader{peer.segment.data(), peer.shape, ours.page()},
      board{peer.board_words(), peer.rung},
      data_ringer{peer.bell().data, &peer.rung, common(peer.fencing, ours.fencing),
                  life::clearing::by_ringer, &board},
      room_ringer{peer.bell().room, &peer.rung, common(peer.fencing, ours.fencing),
                  life::clearing::by_ringer},
      data_sleeper{ours.bell().data, common(peer.fencing, ours.fencing)},
      room_sleeper{ours.bell().room, common(peer.fencing, ours.fencing)} {}

shm_channel::shm_channel(os::seqpacket_socket&& socket, std::string name,
                         const channel_types& types, const channel_options& options)
    : name_{std::move(name)},
      types_{types},
      options_{options},
      ours_{options, name_},
      plane_{link::control_plane::shared()},
      writer_{ours_.segment.bytes.data(), ours_.shape},
      room_spinner_{options.waiting},
      data_spinner_{options.waiting} {
    if (options.frames != framing::messages) {
        complain(errc::unsupported, "shared memory carries framing::messages only");
    }
    socket_.reset(new os::seqpacket_socket{std::move(socket)});
    say_hello(*socket_, ours_, name_, types_, options_);
    watched_ = plane_->watch_lifeline(socket_->fd(), *this);
    life::close_in_forked_child(socket_->fd());
}

std::unique_ptr<channel_end> shm_channel::accept(os::seqpacket_socket socket, std::string name,
                                                 const channel_types& types,
                                                 const channel_options& options) try {
    return std::unique_ptr<channel_end>{
        new shm_channel{std::move(socket), std::move(name), types, options}};
} catch (const error& e) {
    say_no(socket, e.what());
    throw;
}

std::unique_ptr<channel_end> shm_channel::connect(os::seqpacket_socket socket, std::string name,
                                                  const channel_types& types,
                                                  const channel_options& options) {
    std::unique_ptr<shm_channel> end{
        new shm_channel{std::move(socket), std::move(name), types, options}};
    if (end->meet({after(options.handshake_limit), {}})) return end;
    throw error{std::make_error_code(std::errc::timed_out), "open channel", end->name_,
                "the other end did not say hello in time: it is stopped, or accepts nobody"};
}

shm_channel::~shm_channel() {
    if (!here_.still()) return;
    plane_->forget_lifeline(watched_);
    end_writing();
    ours_.page().closed.store(1, std::memory_order_release);  // SYNC closed
    if (peer_) {
        peer_->data_ringer.ring();
        peer_->room_ringer.ring();
    }
    life::keep_in_forked_child(socket_->fd());
}

void shm_channel::check_process() const {
    if (here_.still()) return;
    throw error{errc::forked, "use channel", name_,
                "it was made before fork() in the parent; make a new one in this process"};
}

void shm_channel::complain(errc code, const std::string& why) const {
    throw error{code, "use channel", name_, why};
}

// ---- meeting ------------------------------------------------------------------------------------

// Whether the peer's hello was heard. What was wrong with it is thrown, each time.
bool shm_channel::try_meet() {
    const std::lock_guard locked{meeting_};
    if (met()) return true;
    if (failure_) std::rethrow_exception(failure_);
    try {
        auto peer = hear_hello(*socket_, name_, types_);
        if (!peer) return false;
        peer_.emplace(std::move(*peer), ours_);
    } catch (const error& e) {
        failure_ = std::current_exception();
        throw;
    }
    met_.store(true, std::memory_order_release);  // SYNC met
    return true;
}

bool shm_channel::meet(const patience& limit) {
    stop_bell bell;
    while (!try_meet()) {
        if (!wait_patiently(socket_->fd(), os::readiness::readable, limit, bell)) return false;
    }
    return true;
}

// In the plane's thread.
void shm_channel::hung_up() noexcept {
    gone_.store(true, std::memory_order_release);  // SYNC gone
    wake();
}

void shm_channel::wake() noexcept try {
    life::bell_sleeper{ours_.bell().data, ours_.fencing}.nudge();
    life::bell_sleeper{ours_.bell().room, ours_.fencing}.nudge();
    ours_.rung.signal();
    memory::fence(std::memory_order_seq_cst);  // SYNC bell
    // relaxed: ordered by the fence
    const std::uint32_t mark = told_at_.load(std::memory_order_relaxed);
    life::board_ringer{ours_.board->words(), ours_.rung.handle()}.tell(mark);
} catch (const error&) {
    // the words are mapped and the event is ours: nothing here fails
}

bool shm_channel::peer_closed() const noexcept {
    return peer_->peer.page().closed.load(std::memory_order_acquire) != 0;  // SYNC closed
}

// The socket is closed: whether it was in order stands in the memory that the peer left.
flow shm_channel::end_of_peer() const {
    if (peer_closed()) return flow::ended;
    throw error{errc::peer_died, "use channel", name_,
                "the other process ended without closing it; connect again when it is back"};
}

peer_identity shm_channel::peer() const {
    return {.user = socket_->credentials()};
}

std::optional<os::descriptor> shm_channel::peer_process() const {
    return socket_->peer_pidfd();
}

const wire::type_descriptor* shm_channel::peer_sends() const noexcept {
    return met() && peer_->peer.said.sends ? &*peer_->peer.said.sends : nullptr;
}

// ---- sending ------------------------------------------------------------------------------------

flow shm_channel::send(const outgoing& message, const patience& limit) {
    check_process();
    if (!met() && !meet(limit)) return flow::timed_out;
    const std::uint64_t bytes = size_of(message);
    check_sendable(bytes);
    const flow room = await_room(limit);
    if (room != flow::done) return room;
    const memory::beside what = beside_of(message);
    if (!writer_.has_memory(bytes, what)) make_memory_to_write(bytes, what);
    if (what == memory::beside::files && !send_files(message.descriptors)) return end_of_peer();
    std::byte* to = writer_.payload();
    for (const auto part : message.parts) {
        if (part.empty()) continue;
        std::memcpy(to, part.data(), part.size());
        to += part.size();
    }
    writer_.commit(bytes, what);
    peer_->data_ringer.notify();
    return flow::done;
}

// Over the socket, before the message to which they belong: so they are there for who reads it. The
// ring takes fewer messages with files than the socket does. False: nobody is there to take them.
bool shm_channel::send_files(std::span<const int> files) {
    const file_notice notice{writer_.sent()};
    switch (socket_->try_send(std::as_bytes(std::span{&notice, 1}), files)) {
        case os::send_result::sent: return true;
        case os::send_result::closed: return false;
        case os::send_result::full: break;
    }
    complain(errc::peer_misbehaved,
             "it says that it received messages, and did not take their open files; or the "
             "system's net.core.wmem_default is very small");
}

void shm_channel::check_sendable(std::uint64_t bytes) const {
    if (ended_) throw contract_violation{"send on channel '" + name_ + "' after its end was said"};
    const std::uint64_t most =
        std::min(options_.message_bytes_max, peer_->peer.said.message_bytes_max);
    if (bytes <= most) return;
    throw error{errc::too_large, "send on channel", name_,
                "the message has " + std::to_string(bytes) + " bytes; message_bytes_max is " +
                    std::to_string(most)};
}

// Done: there is room. A peer that is gone is told even where there is.
flow shm_channel::await_room(const patience& limit) {
    for (;;) {
        if (gone()) return end_of_peer();
        if (peer_closed()) return flow::ended;
        if (has_room()) return flow::done;
        const auto news = [this] { return room_is_news(); };
        if (!await_news(peer_->room_sleeper, room_spinner_, limit, news)) return flow::timed_out;
    }
}

bool shm_channel::has_room() {
    if (writer_.has_room()) return true;
    const std::uint64_t lap = peer_->peer.page().lap.load(std::memory_order_acquire);  // SYNC lap
    if (!writer_.note_reader(lap)) {
        complain(errc::peer_misbehaved, "it says that it received what was never sent");
    }
    return writer_.has_room();
}

bool shm_channel::room_is_news() const noexcept {
    // relaxed: has_room() loads it again
    const std::uint64_t lap = peer_->peer.page().lap.load(std::memory_order_relaxed);
    return lap != writer_.reader_lap() || peer_closed() || gone();
}

void shm_channel::make_memory_to_write(std::uint64_t bytes, memory::beside what) {
    const memory::ring_range range = writer_.wanted_memory(bytes, what);
    ours_.segment.bytes.populate_for_write(range.offset, range.bytes);
    writer_.made_memory(range);
}

flow shm_channel::flush(const patience&) {
    check_process();
    return met() && peer_closed() ? flow::ended : flow::done;
}

void shm_channel::end_sending(const patience&) {
    check_process();
    end_writing();
    if (met()) peer_->data_ringer.ring();
}

void shm_channel::end_writing() {
    if (std::exchange(ended_, true)) return;
    writer_.end();
}

// ---- receiving ----------------------------------------------------------------------------------

flow shm_channel::receive(incoming& into, const patience& limit) {
    check_process();
    into.bytes = {};
    into.descriptors.clear();
    if (!met() && !meet(limit)) return flow::timed_out;
    if (peer_->reader.release()) peer_->room_ringer.notify();
    for (;;) {
        const flow taken = take_next(into);
        if (taken != flow::timed_out) return taken;
        const auto news = [this] { return data_is_news(); };
        if (await_news(peer_->data_sleeper, data_spinner_, limit, news)) continue;
        if (data_set_) settle(direction::receiving);
        return flow::timed_out;
    }
}

// `timed_out`: there is none.
flow shm_channel::take_next(incoming& into) {
    const bool was_gone = gone();  // before the look: what came before its end is there now
    memory::byte_result found = peer_->reader.try_next(into.bytes);
    while (found == memory::byte_result::absent) {
        make_memory_to_read();
        found = peer_->reader.try_next(into.bytes);
    }
    if (found != memory::byte_result::empty) return take_found(found, into);
    if (peer_->reader.at_end()) return flow::ended;
    return was_gone ? end_of_peer() : flow::timed_out;
}

flow shm_channel::take_found(memory::byte_result found, incoming& into) {
    if (found == memory::byte_result::broken || into.bytes.size() > options_.message_bytes_max) {
        complain(errc::peer_misbehaved, "it wrote what no correct peer writes");
    }
    if (found == memory::byte_result::accompanied) take_files(into);
    return flow::done;
}

// Those of the message that was just read: they were sent before it.
void shm_channel::take_files(incoming& into) {
    file_notice notice{};
    auto got = socket_->try_receive(std::as_writable_bytes(std::span{&notice, 1}),
                                    options_.descriptors_max);
    const bool whole = got.status == os::receive_status::message && got.bytes == sizeof notice;
    if (!whole || got.truncated || notice.message != peer_->reader.received() - 1) {
        complain(errc::peer_misbehaved, "a message came without the open files that it announces");
    }
    if (got.descriptors_lost || got.descriptors.empty()) {
        complain(errc::limit_reached,
                 "a message came with descriptors, and they were closed; descriptors_max is " +
                     std::to_string(options_.descriptors_max));
    }
    into.descriptors = std::move(got.descriptors);
}

void shm_channel::make_memory_to_read() {
    const memory::ring_range range = peer_->reader.wanted_memory();
    peer_->peer.segment.populate_for_read(range.offset, range.bytes);
    peer_->reader.made_memory(range);
}

bool shm_channel::data_is_news() const noexcept {
    return peer_->reader.anything_there() || peer_->reader.at_end() || gone();
}

// ---- waiting ------------------------------------------------------------------------------------

template <class News>
bool shm_channel::await_news(life::bell_sleeper& sleeper, life::spinner& spinner,
                             const patience& limit, News&& news) {
    if (news()) return true;
    if (is_over(limit)) return false;
    const auto look = [&] { return news() || limit.stop.stop_requested(); };
    if (spinner.spin(look, limit.until)) return news();
    return sleep_until_news(sleeper, spinner, limit, news);
}

template <class News>
bool shm_channel::sleep_until_news(life::bell_sleeper& sleeper, life::spinner& spinner,
                                   const patience& limit, News&& news) {
    const std::stop_callback on_stop{limit.stop, [&] { sleeper.nudge(); }};
    for (;;) {
        const os::futex_waiter bell = sleeper.arm();
        if (news()) return true;
        if (is_over(limit)) return false;
        const deadline until = std::min(limit.until, after(life::backstop));
        spinner.learn_from([&] { os::futex_wait(*bell.word, bell.expected, until); });
    }
}

// What is wrong with a hello is for receive() and send() to say: who waits for many goes on.
bool shm_channel::cannot_meet() try {
    if (!met()) try_meet();
    return false;
} catch (const error&) {
    return true;
}

bool shm_channel::ready(direction which) {
    check_process();
    if (cannot_meet()) return true;
    if (!met()) return false;
    if (which == direction::receiving) {
        if (!peer_->reader.sees()) make_memory_to_read();
        return data_is_news();
    }
    return gone() || peer_closed() || has_room();
}

int shm_channel::fd_of(direction which) {
    check_process();
    auto& set = set_of(which);
    if (set) return set->fd();
    set.emplace(ours_.rung.fd(), met() ? -1 : socket_->fd());
    ours_.rung.signal();  // readable until somebody looked and found nothing
    return set->fd();
}

// The event is an edge: to take it makes the set unreadable until the next one. What came before
// the bell is armed is found by the look that follows.
bool shm_channel::settle(direction which) {
    if (!met()) return false;
    fd_of(which);
    set_of(which)->settle();
    sleeper_of(which).arm_event();
    if (is_news(which)) ours_.rung.signal();
    return true;
}

void shm_channel::arm(direction which, std::vector<os::futex_waiter>& words) {
    words.push_back(sleeper_of(which).arm());
}

// Either hung_up() finds the mark, or who looks after this finds that the peer is gone.
void shm_channel::tell_on_board(std::uint32_t mark) {
    check_process();
    // relaxed: ordered by the fence behind which the bell is armed
    told_at_.store(mark, std::memory_order_relaxed);
    peer_->data_sleeper.arm_on_board(mark);
}

std::unique_ptr<waitable> shm_channel::watch(std::shared_ptr<channel_end> self, direction which) {
    return std::make_unique<ring_watch>(std::move(self), *this, which);
}

}  // namespace signet::transport::shm
