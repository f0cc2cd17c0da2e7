// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/fifo/fifo_listener.hpp>

#include <signet/base/error.hpp>
#include <signet/os/poll.hpp>
#include <signet/transport/stream_channel.hpp>

#include <utility>

namespace signet::transport::fifo {
namespace {

using os::when_writers_go;

// Our own reader is there, so it opens at once.
os::fifo_writer open_beside_reader(const fifo_place& where) {
    auto writer = os::fifo_writer::open(where.directory(), where.out(), deadline::min());
    if (writer) return std::move(*writer);
    throw error{errc::unsupported, "write to named pipe", where.text() + ".out",
                "it has no reader, though we are one"};
}

}  // namespace

/// Our end of the two pipes.
class plain_listener::end final : public fifo_end {
public:
    end(std::shared_ptr<names> of, ends opened, std::chrono::nanoseconds linger)
        : fifo_end{std::move(opened.reader), std::move(opened.writer)},
          names_{std::move(of)},
          linger_{linger} {
        hold_open(std::move(opened.anchor));
    }

    // As long as our writer is open the pipe keeps its bytes, and from then on a reader does.
    bool end_writing() override {
        let_go();
        if (writer().unread_bytes() != 0) writer().wait_for_taker(after(linger_));
        return fifo_end::end_writing();
    }

private:
    std::shared_ptr<names> names_;
    std::chrono::nanoseconds linger_;
};

plain_listener::names::names(fifo_place place)
    : where{std::move(place)},
      in{where.directory(), where.in()},
      out{where.directory(), where.out()},
      kept{os::fifo_reader::open(where.directory(), where.in(), when_writers_go::end)} {}

plain_listener::plain_listener(fifo_place where, const channel_types& types,
                               const channel_options& options)
    : names_{std::make_shared<names>(std::move(where))}, types_{types}, options_{options} {
    open_ends();
}

plain_listener::ends::ends(const fifo_place& where)
    : reader{os::fifo_reader::open(where.directory(), where.in(), when_writers_go::end)},
      anchor{os::fifo_reader::open(where.directory(), where.out(), when_writers_go::end)},
      writer{open_beside_reader(where)} {}

void plain_listener::open_ends() {
    if (ends_) return;
    ends_.emplace(names_->where);
    waiting_.add(ends_->reader.fd(), os::interest::readable, 0);
}

std::unique_ptr<channel_end> plain_listener::accept(const patience& limit) {
    if (names_.use_count() != 1) {
        throw error{errc::limit_reached, "accept at", address(),
                    "named pipes carry one plain conversation at a time; close the one before"};
    }
    open_ends();
    if (!os::wait_readable(ends_->reader.fd(), deadline::min()) &&
        !wait_patiently(ends_->reader.fd(), os::readiness::readable, limit, bell_)) {
        return nullptr;
    }
    waiting_.remove(ends_->reader.fd());
    auto stream = std::make_unique<end>(names_, std::move(*ends_), options_.linger);
    ends_.reset();
    return stream_channel::accept(std::move(stream), address(), types_, options_);
}

// Reading is opened first: a shell that opens the two names in either order goes on then.
std::unique_ptr<channel_end> talk_plainly(const fifo_place& where, const channel_types& types,
                                          const channel_options& options) try {
    const os::directory& place = where.directory();
    const deadline until = after(options.handshake_limit);
    auto reader = os::fifo_reader::open(place, where.out(), when_writers_go::end);
    auto writer = os::fifo_writer::open(place, where.in(), until);
    if (!writer) {
        throw error{std::make_error_code(std::errc::timed_out), "open channel", where.text(),
                    "nobody reads " + where.in()};
    }
    return stream_channel::connect(
        std::make_unique<fifo_end>(std::move(reader), std::move(*writer)), where.text(), types,
        options, until);
} catch (const error& why) {
    if (why.code() != std::errc::no_such_file_or_directory) throw;
    throw error{
        std::make_error_code(std::errc::connection_refused), "open channel", where.text(),
        "nobody listens there; for lines and bytes there are to be two named pipes (mkfifo) " +
            where.in() + " and " + where.out()};
}

}  // namespace signet::transport::fifo
