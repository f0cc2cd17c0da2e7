// SPDX-License-Identifier: Apache-2.0
#include "command_pipes.hpp"

#include <signet/os/pipe_io.hpp>
#include <signet/os/poll.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace signet::command {
namespace {

constexpr std::size_t errors_bytes_max = std::size_t{64} << 10;
constexpr std::size_t chunk_bytes = std::size_t{64} << 10;

/// More than a pipe holds: what an ended command has printed, but not all that those may print whom
/// it left behind.
constexpr int last_rounds = 32;

/// Takes of what is there now, and closes what has ended. What is beyond `most` is dropped. False:
/// there was nothing.
bool take_some(os::descriptor& from, std::string& into, std::size_t most) {
    if (!from) return false;
    std::array<std::byte, chunk_bytes> room;
    const auto took = os::read_some(os::pipe_calls, from.get(), room, deadline::min());
    const bool over =
        took.status == os::stream_status::ended || took.status == os::stream_status::reset;
    if (over) from = {};
    const auto* text = reinterpret_cast<const char*>(room.data());
    into.append(text, std::min(took.bytes, most - into.size()));
    return took.bytes != 0;
}

os::spawn_options spawning(printed how) {
    os::spawn_options options{.group = os::process_group::own,
                              .on_parent_death = os::parent_death::kills};
    if (how == printed::collected) return options;
    options.standard_output = STDOUT_FILENO;
    options.standard_error = STDERR_FILENO;
    return options;
}

}  // namespace

command_pipes::command_pipes(const std::vector<std::string>& command, std::string input,
                             std::size_t output_bytes_max, printed how)
    : input_{std::move(input)},
      output_bytes_max_{output_bytes_max},
      program_{os::spawn_with_pipes(command, spawning(how))} {}

command_end command_pipes::run(deadline until, const std::stop_token& stop,
                               const std::stop_token& also) {
    const auto wake = [this] { stopped_.signal(); };
    const std::stop_callback on_stop{stop, wake};
    const std::stop_callback on_other{also, wake};
    for (bool runs = true; runs;) {
        wait(until);
        if (stop.stop_requested() || also.stop_requested()) return command_end::stopped;
        if (clock::now() >= until) return command_end::too_late;
        runs = program_.program.handle().running();
        feed();
        int rounds = runs ? 1 : last_rounds;
        while (rounds > 0 && take_printed()) --rounds;
        if (output_.size() > output_bytes_max_) return command_end::too_long;
    }
    return command_end::by_itself;
}

void command_pipes::wait(deadline until) {
    using os::readiness;
    const std::array<os::awaited, 5> all{{{program_.input.get(), readiness::writable},
                                          {program_.output.get(), readiness::readable},
                                          {program_.errors.get(), readiness::readable},
                                          {program_.program.handle().fd(), readiness::readable},
                                          {stopped_.fd(), readiness::readable}}};
    os::wait_any_ready(all, until);
}

// One that does not read its input is none the worse.
void command_pipes::feed() {
    if (!program_.input) return;
    const auto rest = std::as_bytes(std::span{input_}).subspan(fed_);
    const auto gave = os::write_some(os::pipe_calls, program_.input.get(), rest, deadline::min());
    fed_ += gave.bytes;
    const bool over =
        gave.status != os::stream_status::moved && gave.status != os::stream_status::timed_out;
    if (over || fed_ == input_.size()) program_.input = {};
}

// Whether there was something. One byte too much shows that there is too much.
bool command_pipes::take_printed() {
    const bool printed = take_some(program_.output, output_, output_bytes_max_ + 1);
    return take_some(program_.errors, errors_, errors_bytes_max) || printed;
}

}  // namespace signet::command
