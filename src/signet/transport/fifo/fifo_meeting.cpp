// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/fifo/fifo_meeting.hpp>

#include <signet/base/error.hpp>
#include <signet/os/poll.hpp>
#include <signet/os/process.hpp>
#include <signet/os/random.hpp>
#include <signet/transport/stream_channel.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace signet::transport::fifo {
namespace {

using os::when_writers_go;

std::string fresh_number() {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::uint64_t bits = os::random_u64();
    std::string number;
    for (std::size_t i = 0; i < number_digits; ++i, bits >>= 4) number += digits[bits & 15];
    return number;
}

/// The names, as long as they are needed.
struct private_pair {
    explicit private_pair(const fifo_place& where)
        : number{fresh_number()},
          in{where.directory(), where.in(number)},
          out{where.directory(), where.out(number)} {}

    std::string number;
    os::fifo in;
    os::fifo out;
};

[[noreturn]] void complain_of_absence(const fifo_place& where) {
    throw error{std::make_error_code(std::errc::connection_refused), "open channel", where.text(),
                "nobody listens there; start the other end first"};
}

// A stranger who has a pipe of that name shall not learn our number.
void require_ours(const os::fifo_name& pipe) {
    if (pipe.owner_uid() == os::current_uid()) return;
    throw error{errc::untrusted, "open channel", pipe.path(),
                "it belongs to user " + std::to_string(pipe.owner_uid())};
}

// A listener that lives reads it.
os::fifo_writer find_listener(const fifo_place& where) try {
    require_ours({where.directory(), where.name()});
    auto writer = os::fifo_writer::open(where.directory(), where.name(), deadline::min());
    if (!writer) complain_of_absence(where);
    return std::move(*writer);
} catch (const error& why) {
    if (why.code() != std::errc::no_such_file_or_directory) throw;
    complain_of_absence(where);
}

// Who sees our names between their making and their locking holds the lock for an instant, to see
// whether they are a dead one's; then another number is tried.
std::unique_ptr<private_pair> make_pair(const fifo_place& where) {
    constexpr int attempts_max = 10;
    for (int attempt = 1;; ++attempt) {
        try {
            return std::make_unique<private_pair>(where);
        } catch (const error& why) {
            if (why.code() != std::errc::address_in_use || attempt == attempts_max) throw;
        }
    }
}

std::unique_ptr<fifo_end> open_own(const fifo_place& where, const private_pair& names) {
    const os::directory& place = where.directory();
    auto reader = os::fifo_reader::open(place, where.out(names.number), when_writers_go::end);
    auto other = os::fifo_reader::open(place, where.in(names.number), when_writers_go::end);
    auto writer = os::fifo_writer::open(place, where.in(names.number), deadline::min());
    if (!writer) complain_of_absence(where);  // never: our own reader is there
    auto end = std::make_unique<fifo_end>(std::move(reader), std::move(*writer));
    end->hold_open(std::move(other));
    return end;
}

// Who listens says hello as soon as it has opened our pair; where it does not live to do so, nobody
// reads what we announced ourselves in. A time that is over is for who waits next.
void await_answer(const fifo_end& ours, const os::fifo_writer& announcement,
                  const fifo_place& where, deadline until) {
    const std::array<os::awaited, 2> either{
        {{ours.read_fd(), os::readiness::readable}, {announcement.fd(), os::readiness::readable}}};
    if (!os::wait_any_ready(either, until)) return;
    if (os::wait_readable(ours.read_fd(), deadline::min())) return;
    throw error{errc::peer_died, "open channel", where.text(),
                "who listened there was gone before it answered; connect again when it is back"};
}

// Whoever was killed between making its pair and being answered has left the names. Taking them
// over and giving them up removes them; those of the living are locked.
void remove_stale_pairs(const fifo_place& where) {
    for (const std::string& entry : where.directory().list()) {
        const auto pipe = where.private_pipe(entry);
        if (!pipe) continue;
        try {
            const os::fifo taken{where.directory(), *pipe};
        } catch (const error&) {
            // in use, or not ours to remove
        }
    }
}

bool is_lack_of_descriptors(const error& why) {
    return why.code() == std::errc::too_many_files_open ||
           why.code() == std::errc::too_many_files_open_in_system;
}

}  // namespace

std::unique_ptr<channel_end> meet(const fifo_place& where, const channel_types& types,
                                  const channel_options& options) {
    const deadline until = after(options.handshake_limit);
    os::fifo_writer announcement = find_listener(where);
    const auto names = make_pair(where);
    auto stream = open_own(where, *names);
    fifo_end& ours = *stream;
    const std::string line = names->number + '\n';
    const auto put = announcement.write_all(std::as_bytes(std::span{line}), until);
    if (put.status != os::stream_status::moved) complain_of_absence(where);
    await_answer(ours, announcement, where, until);
    auto end = stream_channel::connect(std::move(stream), where.text(), types, options, until);
    ours.let_go();
    return end;
}

meeting_listener::meeting_listener(fifo_place where, const channel_types& types,
                                   const channel_options& options)
    : where_{std::move(where)},
      name_{where_.directory(), where_.name()},
      reader_{os::fifo_reader::open(where_.directory(), where_.name())},
      types_{types},
      options_{options} {
    remove_stale_pairs(where_);
}

std::unique_ptr<channel_end> meeting_listener::accept(const patience& limit) {
    for (;;) {
        if (auto end = next_end(limit.stop)) return end;
        if (is_over(limit)) return nullptr;
        if (!wait_patiently(fd(), os::readiness::readable, limit, bell_)) return nullptr;
    }
}

// Null: nobody is there now.
std::unique_ptr<channel_end> meeting_listener::next_end(const std::stop_token& stop) {
    while (!stop.stop_requested() && (!number_.empty() || next_number())) {
        if (auto end = open_pair()) return end;
    }
    return nullptr;
}

// Reads no more than one line, so that the descriptor tells of the next.
bool meeting_listener::next_number() {
    while (number_.empty()) {
        const auto rest = std::as_writable_bytes(std::span{line_}.subspan(line_bytes_));
        const auto got = reader_.read_some(rest, deadline::min());
        if (got.status != os::stream_status::moved) return false;
        line_bytes_ += got.bytes;
        const std::string_view whole{line_.data(), line_bytes_};
        if (whole.size() == line_.size() && whole.back() == '\n' &&
            is_number(whole.substr(0, number_digits))) {
            number_ = whole.substr(0, number_digits);
            line_bytes_ = 0;
        } else {
            drop_garbage();
        }
    }
    return true;
}

// What cannot become a line of ours, up to and with its line feed.
void meeting_listener::drop_garbage() {
    const auto end = line_.begin() + static_cast<std::ptrdiff_t>(line_bytes_);
    const auto feed = std::find(line_.begin(), end, '\n');
    if (feed == end && line_bytes_ < line_.size()) return;  // the rest may come
    const auto kept = feed == end ? end : feed + 1;
    line_bytes_ = static_cast<std::size_t>(std::copy(kept, end, line_.begin()) - line_.begin());
}

// Null: it has given up or died meanwhile, or never was.
std::unique_ptr<channel_end> meeting_listener::open_pair() try {
    const os::directory& place = where_.directory();
    const std::string in = where_.in(number_);
    require_ours({place, in});
    auto reader = os::fifo_reader::open(place, in, when_writers_go::end);
    auto writer = os::fifo_writer::open(place, where_.out(number_), deadline::min());
    number_.clear();
    if (!writer) return nullptr;
    return stream_channel::accept(std::make_unique<fifo_end>(std::move(reader), std::move(*writer)),
                                  where_.text(), types_, options_);
} catch (const error& why) {
    if (is_lack_of_descriptors(why)) throw;  // it goes on waiting
    number_.clear();
    return nullptr;
}

}  // namespace signet::transport::fifo
