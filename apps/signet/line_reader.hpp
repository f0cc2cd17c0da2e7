// SPDX-License-Identifier: Apache-2.0
// Lines of a file, a pipe or a terminal, as they come, until the end or an interruption. For one
// thread.
#pragma once

#include "interruption.hpp"

#include <signet/os/descriptor.hpp>
#include <signet/os/epoll.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace signet::command {

class line_reader {
public:
    /// Reads `path`; "-" is standard input. A line longer than `line_bytes_max` makes next() throw.
    /// Throws std::system_error: no such file, no right to read it.
    line_reader(const std::string& path, std::size_t line_bytes_max,
                const interruption& interrupted);

    /// The next line, without its end; a last line without one counts. None: the end, or
    /// interrupted. Throws std::system_error, std::runtime_error.
    std::optional<std::string> next();

private:
    bool fill();
    bool wait();
    std::optional<std::string> take(std::size_t length);

    std::string path_;
    std::size_t line_bytes_max_;
    const interruption& interrupted_;
    os::descriptor file_;
    std::optional<os::epoll> waiting_;  // none for a regular file, which never makes one wait
    std::string buffer_;
    std::size_t begin_ = 0;
    bool ended_ = false;
};

}  // namespace signet::command
