// SPDX-License-Identifier: Apache-2.0
#include "pop_command.hpp"

#include "command_pipes.hpp"

#include <signet/base/error.hpp>

#include <vector>

namespace signet::command {
namespace {

constexpr std::size_t output_bytes_max = std::size_t{64} << 20;
constexpr std::string_view place_of_word = "{}";

/// The message is an argument, so nothing in it is the shell's.
std::string with_argument(std::string line) {
    for (std::size_t at = line.find(place_of_word); at != std::string::npos;
         at = line.find(place_of_word, at)) {
        line.replace(at, place_of_word.size(), "\"$1\"");
    }
    return line;
}

work_result outcome_of(command_pipes& ended, command_end how) {
    if (how == command_end::stopped)
        return {.done = false, .stopped = true, .text = "stopped", .output = {}};
    if (how == command_end::too_long) {
        return {
            .done = false, .stopped = false, .text = "it printed more than 64 MiB", .output = {}};
    }
    const os::exit_status status = ended.status();
    return {.done = status == os::exit_status{},
            .stopped = false,
            .text = status.text(),
            .output = std::move(ended.output())};
}

}  // namespace

pop_command::pop_command(const std::string& line, const interruption& by)
    : line_{with_argument(line)},
      takes_word_{line.find(place_of_word) != std::string::npos},
      interrupted_{&by} {}

work_result pop_command::run(const std::string& message, bool collect) const {
    std::vector<std::string> command{"/bin/sh", "-c", line_, "sh"};
    if (takes_word_ && message.find('\0') != std::string::npos) {
        return {.done = false,
                .stopped = false,
                .text = "it has a NUL in it, which no word of a command may have",
                .output = {}};
    }
    if (takes_word_) command.push_back(message);
    try {
        command_pipes program{command, message, output_bytes_max,
                              collect ? printed::collected : printed::passed_on};
        return outcome_of(program, program.run(never, {}, interrupted_->token()));
    } catch (const error& e) {
        return {.done = false, .stopped = false, .text = e.what(), .output = {}};
    }
}

}  // namespace signet::command
