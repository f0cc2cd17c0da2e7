// SPDX-License-Identifier: Apache-2.0
#include "terminal.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace signet::command {
namespace {

[[noreturn]] void fail() {
    if (errno == EPIPE) throw output_closed{};
    throw std::system_error{errno, std::generic_category(), "cannot write to standard output"};
}

}  // namespace

bool on_terminal() {
    return isatty(STDOUT_FILENO) == 1;
}

bool errors_on_terminal() {
    return isatty(STDERR_FILENO) == 1;
}

void write_output(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) fail();
}

void flush_output() {
    if (std::fflush(stdout) != 0) fail();
}

}  // namespace signet::command
