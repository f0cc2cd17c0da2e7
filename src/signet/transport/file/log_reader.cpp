// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/file/log_reader.hpp>

#include <signet/base/error.hpp>
#include <signet/os/poll.hpp>
#include <signet/transport/channel_watch.hpp>

#include <array>
#include <cstring>
#include <utility>

namespace signet::transport::log_file {
namespace {

using who_writes = std::array<std::uint64_t, 2>;  // pid, pid namespace
constexpr std::uint64_t pid_max = std::uint64_t{1} << 22;

os::record_reader open_log(const log_name& where) try {
    return os::record_reader{where.path()};
} catch (const error& why) {
    if (why.code() != std::errc::no_such_file_or_directory) throw;
    throw error{std::make_error_code(std::errc::connection_refused), "open channel", where.text(),
                "there is no such log; start its writer first"};
}

}  // namespace

log_reader::log_reader(const log_name& where, const channel_types& types,
                       const channel_options& options)
    : name_{where.text()}, types_{types}, options_{options}, file_{open_log(where)} {
    await_greeting({after(options.handshake_limit), {}});
    if (where.from_end()) skip_to_end();
}

void log_reader::await_greeting(const patience& limit) {
    incoming none;
    while (!peer_) {
        if (file_.try_next() == os::reading::record) {
            read(none);
        } else if (!wait(limit)) {
            throw error{std::make_error_code(std::errc::timed_out), "open channel", name_,
                        "nobody has written there yet: the listener accepts nobody"};
        }
    }
}

void log_reader::skip_to_end() {
    incoming none;
    while (file_.try_next() == os::reading::record) read(none);
}

const wire::type_descriptor* log_reader::peer_sends() const noexcept {
    return peer_ && peer_->sends ? &*peer_->sends : nullptr;
}

void log_reader::complain(errc code, const std::string& why) const {
    throw error{code, "use channel", name_, why};
}

// ---- receiving ----------------------------------------------------------------------------------

flow log_reader::receive(incoming& into, const patience& limit) {
    into.bytes = {};
    into.descriptors.clear();
    if (again_) again_->drain();
    for (;;) {
        if (const auto became = look(into)) return *became;
        if (is_over(limit)) return flow::timed_out;
        if (limit.until == never && foreign_) {
            complain(errc::unsupported,
                     "its writer is in another pid namespace, where its death could not be seen; "
                     "receive with a deadline, or use unix:// or tcp://");
        }
        if (!wait(limit)) return flow::timed_out;
    }
}

// No value: there is nothing yet.
std::optional<flow> log_reader::look(incoming& into) {
    for (;;) {
        switch (file_.try_next()) {
            case os::reading::record:
                if (read(into)) return flow::done;
                break;
            case os::reading::truncated: file_.rewind(); break;
            case os::reading::replaced:
                if (!file_.reopen()) return at_end(into);
                watching_ = false;
                if (set_) watch_file();
                break;
            case os::reading::none: return at_end(into);
        }
    }
}

// What a writer wrote before it ended is looked for once more after its end was seen.
std::optional<flow> log_reader::at_end(incoming& into) {
    if (ended_) return flow::ended;
    if (writer_lives()) return std::nullopt;
    while (file_.try_next() == os::reading::record) {
        if (read(into)) return flow::done;
    }
    if (ended_) return flow::ended;
    if (writer_lives()) return std::nullopt;  // another one
    complain(errc::peer_died,
             "its writer ended without closing it; what it wrote was read, and what another one "
             "writes can be");
}

// Whether it was a message.
bool log_reader::read(incoming& into) {
    const auto record = file_.record();
    if (record.empty()) complain(errc::peer_misbehaved, "a record has no kind");
    const auto body = record.subspan(1);
    switch (record_kind{std::to_integer<std::uint8_t>(record.front())}) {
        case record_kind::hello: meet(body); return false;
        case record_kind::end: ended_ = true; return false;
        case record_kind::message: break;
        default: complain(errc::peer_misbehaved, "a record is of no kind");
    }
    if (!peer_) complain(errc::peer_misbehaved, "its first record does not say who writes");
    if (body.size() > options_.message_bytes_max) {
        complain(errc::too_large, "a message has " + std::to_string(body.size()) +
                                      " bytes; we take " +
                                      std::to_string(options_.message_bytes_max));
    }
    ended_ = false;
    into.bytes = body;
    return true;
}

void log_reader::meet(std::span<const std::byte> hello) {
    if (hello.size() < sizeof(who_writes))
        complain(errc::peer_misbehaved, "it does not say who writes");
    follow(hello.first(sizeof(who_writes)));
    greeting theirs = read_greeting(hello.subspan(sizeof(who_writes)));
    require_readable(types_, theirs);
    peer_ = std::move(theirs);
    ended_ = false;
}

// A pid of the past may be another process's now, whose end then only has us look once more: the
// lock decides.
void log_reader::follow(std::span<const std::byte> who) {
    who_writes said;
    std::memcpy(said.data(), who.data(), sizeof said);
    writer_.reset();
    writer_gone_ = false;
    foreign_ = said[1] != os::current_pid_namespace();
    if (foreign_ || said[0] == 0 || said[0] > pid_max) return;
    writer_ = os::process::open(static_cast<int>(said[0]));
    if (set_ && writer_) set_->add(writer_->fd(), os::interest::readable, 0);
}

// A child that the writer forked may have kept the lock.
bool log_reader::writer_lives() {
    if (writer_ && !writer_->running()) {
        writer_.reset();  // its handle would go on being readable
        writer_gone_ = true;
    }
    return !writer_gone_ && !os::is_lockable(file_.content(), os::lock_kind::shared, writer_range);
}

// ---- waiting ------------------------------------------------------------------------------------

// False: the patience ended. The first time it only begins to watch, so that what came before is
// looked for once more.
bool log_reader::wait(const patience& limit) {
    if (!watching_) {
        file_.fd();
        watching_ = true;
        return true;
    }
    const std::array<os::awaited, 3> all{{{file_.fd(), os::readiness::readable},
                                          {writer_ ? writer_->fd() : -1, os::readiness::readable},
                                          {stop_.fd_for(limit), os::readiness::readable}}};
    const bool any = os::wait_any_ready(all, limit.until);
    stop_.disarm();
    return any && !limit.stop.stop_requested();
}

void log_reader::watch_file() {
    set_->add(file_.fd(), os::interest::readable, 0);
    watching_ = true;
}

int log_reader::fd() {
    if (!set_) {
        set_.emplace();
        again_.emplace();
        again_->signal();  // what came since the last look was not watched for
        set_->add(again_->fd(), os::interest::readable, 0);
        watch_file();
        if (writer_) set_->add(writer_->fd(), os::interest::readable, 0);
    }
    return set_->fd();
}

bool log_reader::ready(direction which) {
    if (which == direction::sending) refuse_sending();
    return ended_ || !writer_lives() || os::wait_readable(fd(), deadline::min());
}

std::unique_ptr<waitable> log_reader::watch(std::shared_ptr<channel_end> self, direction which) {
    if (which == direction::sending) refuse_sending();
    return watch_readable(std::move(self), fd());
}

// ---- sending ------------------------------------------------------------------------------------

flow log_reader::send(const outgoing&, const patience&) {
    refuse_sending();
}

void log_reader::end_sending(const patience&) {}

void log_reader::refuse_sending() const {
    throw error{errc::unsupported, "send on channel", name_,
                "who reads a log cannot answer; to write it, listen, or use unix://"};
}

}  // namespace signet::transport::log_file
