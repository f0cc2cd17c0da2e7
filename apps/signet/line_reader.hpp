// SPDX-License-Identifier: Apache-2.0
// Lines of a file, a pipe or a terminal, as they come, until the end or a stop. For one thread.
#pragma once

#include <signet/os/descriptor.hpp>
#include <signet/os/epoll.hpp>
#include <signet/os/event.hpp>

#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>

namespace signet::command {

class line_reader {
public:
    /// Reads `path`; "-" is standard input. A line longer than `line_bytes_max` makes next() throw,
    /// and advise to raise `option`. Throws std::system_error: no such file, no right to read it.
    line_reader(const std::string& path, std::size_t line_bytes_max, const char* option);

    /// The next line, without its end; a last line without one counts. None: the end, or a stop.
    /// Throws std::system_error, std::runtime_error.
    std::optional<std::string> next(const std::stop_token& stop);

    /// What is there, waiting until something is: at most `line_bytes_max` bytes. None: as next().
    std::optional<std::string> next_bytes(const std::stop_token& stop);

private:
    bool fill(const std::stop_token& stop);
    bool wait(const std::stop_token& stop);
    std::optional<std::string> take(std::size_t length, std::size_t end_length);

    std::string path_;
    std::size_t line_bytes_max_;
    const char* option_;
    os::descriptor file_;
    os::event stopped_;
    std::optional<os::epoll> waiting_;  // none for a regular file, which never makes one wait
    std::string buffer_;
    std::size_t begin_ = 0;
    bool ended_ = false;
};

}  // namespace signet::command
