// SPDX-License-Identifier: Apache-2.0
#include "line_reader.hpp"

#include <signet/base/error.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fmt/core.h>

namespace signet::command {
namespace {

constexpr std::size_t read_bytes = std::size_t{64} << 10;

os::descriptor open_to_read(const std::string& path) {
    const int fd = path == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                               : open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) throw std::system_error{errno, std::generic_category(), "cannot read " + path};
    return os::descriptor{fd};
}

std::optional<os::epoll> make_waiting(int file, int stopped) try {
    std::optional<os::epoll> both{std::in_place};
    both->add(file, os::interest::readable, 0);
    both->add(stopped, os::interest::readable, 1);
    return both;
} catch (const error& e) {
    if (e.code() != std::errc::operation_not_permitted) throw;
    return std::nullopt;
}

}  // namespace

line_reader::line_reader(const std::string& path, std::size_t line_bytes_max, const char* option)
    : path_{path == "-" ? "standard input" : path},
      line_bytes_max_{line_bytes_max},
      option_{option},
      file_{open_to_read(path)},
      waiting_{make_waiting(file_.get(), stopped_.fd())} {}

std::optional<std::string> line_reader::next(const std::stop_token& stop) {
    for (std::size_t looked = begin_;;) {
        const std::size_t end = buffer_.find('\n', looked);
        if (end != std::string::npos) return take(end - begin_, 1);
        if (buffer_.size() - begin_ > line_bytes_max_) {
            throw std::runtime_error{fmt::format("a line of {} is longer than {} bytes; raise {}",
                                                 path_, line_bytes_max_, option_)};
        }
        const std::size_t unread = buffer_.size() - begin_;
        if (!fill(stop)) break;
        looked = begin_ + unread;
    }
    if (stop.stop_requested() || begin_ == buffer_.size()) return std::nullopt;
    return take(buffer_.size() - begin_, 0);
}

std::optional<std::string> line_reader::next_bytes(const std::stop_token& stop) {
    if (begin_ == buffer_.size() && !fill(stop)) return std::nullopt;
    return take(std::min(buffer_.size() - begin_, line_bytes_max_), 0);
}

std::optional<std::string> line_reader::take(std::size_t length, std::size_t end_length) {
    std::string taken = buffer_.substr(begin_, length);
    begin_ += length + end_length;
    return taken;
}

bool line_reader::fill(const std::stop_token& stop) {
    if (ended_ || !wait(stop)) return false;
    buffer_.erase(0, std::exchange(begin_, 0));
    const std::size_t kept = buffer_.size();
    buffer_.resize(kept + read_bytes);
    ssize_t got = 0;
    do {
        got = read(file_.get(), buffer_.data() + kept, read_bytes);
    } while (got < 0 && errno == EINTR);
    const int problem = errno;
    buffer_.resize(kept + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0) throw std::system_error{problem, std::generic_category(), "cannot read " + path_};
    ended_ = got == 0;
    return !ended_;
}

bool line_reader::wait(const std::stop_token& stop) {
    if (waiting_) {
        const std::stop_callback ring{stop, [this] { stopped_.signal(); }};
        std::array<os::ready, 2> storage;
        waiting_->wait(storage, never);
    }
    stopped_.drain();
    return !stop.stop_requested();
}

}  // namespace signet::command
