// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/file/log_writer.hpp>

#include <signet/base/error.hpp>
#include <signet/os/process.hpp>
#include <signet/transport/channel_frame.hpp>
#include <signet/transport/channel_watch.hpp>

#include <array>
#include <utility>

namespace signet::transport::log_file {

log_writer::log_writer(const log_name& where, std::shared_ptr<writer_lock> lock,
                       const channel_types& types, const channel_options& options)
    : name_{where.text()}, options_{options}, lock_{std::move(lock)}, file_{where.path()} {
    const std::array<std::uint64_t, 2> who{static_cast<std::uint64_t>(os::current_pid()),
                                           os::current_pid_namespace()};
    const auto greeting = written_greeting(types, options);
    const std::array<std::span<const std::byte>, 2> parts{std::as_bytes(std::span{who}), greeting};
    put(record_kind::hello, parts, true);
}

log_writer::~log_writer() {
    if (!here_.still()) return;  // it is the parent's, which goes on
    try {
        end_sending({never, {}});
    } catch (const std::exception&) {
        // no room for the end: readers take us for dead
    }
}

flow log_writer::send(const outgoing& message, const patience& limit) {
    check_sendable(message);
    const std::lock_guard locked{sending_};
    if (ended_) throw contract_violation{"send on channel '" + name_ + "' after its end was said"};
    const bool waits = limit.until == never && !limit.stop.stop_possible();
    return put(record_kind::message, message.parts, waits) ? flow::done : flow::timed_out;
}

void log_writer::check_sendable(const outgoing& message) const {
    std::uint64_t bytes = 0;
    for (const auto part : message.parts) bytes += part.size();
    if (bytes > options_.message_bytes_max) {
        throw error{errc::too_large, "send on channel", name_,
                    "the message has " + std::to_string(bytes) + " bytes; message_bytes_max is " +
                        std::to_string(options_.message_bytes_max)};
    }
    if (message.descriptors.empty()) return;
    throw error{errc::unsupported, "send on channel", name_,
                "descriptors cannot be kept in a file; unix:// passes them"};
}

// False: a reader that looks at damage holds us up, which a killed writer before us left.
bool log_writer::put(record_kind kind, std::span<const std::span<const std::byte>> parts,
                     bool waits) {
    record_.assign(1, static_cast<std::byte>(kind));
    for (const auto part : parts) record_.insert(record_.end(), part.begin(), part.end());
    if (!waits) return file_.try_append(record_).has_value();
    file_.append(record_);
    return true;
}

void log_writer::end_sending(const patience&) {
    const std::lock_guard locked{sending_};
    if (std::exchange(ended_, true)) return;
    put(record_kind::end, {}, true);
}

flow log_writer::receive(incoming&, const patience&) {
    refuse_receiving();
}

void log_writer::refuse_receiving() const {
    throw error{errc::unsupported, "receive on channel", name_,
                "who writes a log hears nothing; to read it, connect, or use unix://"};
}

bool log_writer::ready(direction which) {
    if (which == direction::receiving) refuse_receiving();
    return true;
}

int log_writer::fd() {
    refuse_receiving();
}

std::unique_ptr<waitable> log_writer::watch(std::shared_ptr<channel_end> self, direction which) {
    if (which == direction::receiving) refuse_receiving();
    if (!always_writable_) always_writable_.emplace();
    return watch_writable(std::move(self), always_writable_->fd());
}

}  // namespace signet::transport::log_file
