// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/stream_channel.hpp>

#include <signet/base/error.hpp>
#include <signet/os/poll.hpp>
#include <signet/transport/channel_watch.hpp>

#include <utility>

namespace signet::transport {
namespace {

const channel_options& checked(const channel_options& options, const std::string& name) {
    constexpr std::uint64_t most = frame_header::message_bytes_max;
    if (options.message_bytes_max != 0 && options.message_bytes_max <= most) return options;
    throw error{errc::bad_option, "open channel", name,
                "message_bytes_max is 1 to " + std::to_string(most)};
}

}  // namespace

stream_channel::stream_channel(std::unique_ptr<byte_stream> stream, std::string name,
                               const channel_types& types, const channel_options& options)
    : stream_{std::move(stream)},
      interest_{stream_->read_fd(), stream_->write_fd()},
      name_{std::move(name)},
      types_{types},
      options_{checked(options, name_)},
      sender_{*stream_, interest_, name_, options_, written_greeting(types_, options_)},
      receiver_{*stream_, sender_, name_, types_, options_} {
    stream_->hold(options_.buffer_bytes);
}

std::unique_ptr<channel_end> stream_channel::accept(std::unique_ptr<byte_stream> stream,
                                                    std::string name, const channel_types& types,
                                                    const channel_options& options) {
    std::unique_ptr<stream_channel> end{
        new stream_channel{std::move(stream), std::move(name), types, options}};
    end->sender_.flush_quietly();
    return end;
}

std::unique_ptr<channel_end> stream_channel::connect(std::unique_ptr<byte_stream> stream,
                                                     std::string name, const channel_types& types,
                                                     const channel_options& options,
                                                     deadline until) {
    std::unique_ptr<stream_channel> end{
        new stream_channel{std::move(stream), std::move(name), types, options}};
    if (options.frames == framing::messages) {
        end->flush({until, {}});
        end->receiver_.await_greeting(until);
    }
    return end;
}

stream_channel::~stream_channel() {
    try {
        end_sending({after(options_.linger), {}});
        receiver_.drop_unread();
    } catch (const std::exception&) {
        // the peer is gone, or the rest cannot be sent: nobody is left to be told
    }
}

flow stream_channel::judge(sent outcome) {
    switch (outcome) {
        case sent::done: return flow::done;
        case sent::timed_out: return flow::timed_out;
        case sent::gone: break;
    }
    return receiver_.judge_gone_peer();
}

int stream_channel::fd() {
    if (!set_) {
        set_.emplace();
        interest_.enter(*set_, 0);
    }
    return set_->fd();
}

// Who receives flushes first.
bool stream_channel::ready(direction which) {
    if (which == direction::sending) return os::wait_writable(stream_->write_fd(), deadline::min());
    return (sender_.has_unsent() && ready(direction::sending)) || receiver_.ready();
}

std::unique_ptr<waitable> stream_channel::watch(std::shared_ptr<channel_end> self,
                                                direction which) {
    if (which == direction::receiving) return watch_stream(std::move(self), interest_);
    return watch_writable(std::move(self), stream_->write_fd());
}

}  // namespace signet::transport
