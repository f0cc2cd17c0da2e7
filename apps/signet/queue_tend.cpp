// SPDX-License-Identifier: Apache-2.0
// `signet queue purge | redrive | rm`.
#include "json_value.hpp"
#include "queue_values.hpp"
#include "subcommand.hpp"
#include "terminal.hpp"

#include <signet/base/error.hpp>

#include <fmt/core.h>

#include <memory>

namespace signet::command {
namespace {

struct tend_options {
    std::string name;
    std::uint64_t count = 0;
    bool dead = false;
    bool json = false;
};

int tell(const tend_options& options, const char* what, std::uint64_t count) {
    write_output(options.json ? json_value{{"queue", options.name}, {what, count}}.dump() + '\n'
                              : fmt::format("{} {}\n", count, what));
    return 0;
}

int purge(const tend_options& options) {
    raw_queue queue = open_queue(options.name);
    return tell(options, "purged", options.dead ? queue.purge_dead_letters() : queue.purge());
}

int redrive(const tend_options& options) {
    raw_queue queue = open_queue(options.name);
    const std::uint64_t count_max = options.count == 0 ? ~std::uint64_t{0} : options.count;
    return tell(options, "redriven", queue.redrive(count_max));
}

int remove(const tend_options& options) {
    if (!raw_queue::remove(options.name)) {
        fmt::print(stderr, "signet: {}: there is no such queue\n", options.name);
        return 1;
    }
    return 0;
}

command_line add_tending(command_line queue, const char* verb, const char* help,
                         tend_options& options) {
    command_line line = queue.add_subcommand(verb, help);
    line.add_option("NAME", options.name, "Such as jobs").required();
    return line;
}

}  // namespace

void add_queue_purge(command_line queue, action& chosen) {
    auto options = std::make_shared<tend_options>();
    command_line line =
        add_tending(queue, "purge", "Drop all messages that nobody holds", *options);
    line.add_flag("--dead", options->dead, "Of the dead letters, which stay otherwise");
    line.add_flag("--json", options->json, "How many, as one object");
    line.footer("Example:\n  signet queue purge jobs --dead");
    line.callback([options, &chosen] { chosen = [options] { return purge(*options); }; });
}

void add_queue_redrive(command_line queue, action& chosen) {
    auto options = std::make_shared<tend_options>();
    command_line line =
        add_tending(queue, "redrive", "Push dead letters once more, as they were", *options);
    line.add_option("-n,--count", options->count, "At most so many (all)").positive();
    line.add_flag("--json", options->json, "How many, as one object");
    line.footer("Example:\n  signet queue redrive jobs -n 1");
    line.callback([options, &chosen] { chosen = [options] { return redrive(*options); }; });
}

void add_queue_rm(command_line queue, action& chosen) {
    auto options = std::make_shared<tend_options>();
    command_line line = add_tending(
        queue, "rm", "Remove a queue; who has it open goes on with what is in it", *options);
    line.footer("Example:\n  signet queue rm jobs");
    line.callback([options, &chosen] { chosen = [options] { return remove(*options); }; });
}

}  // namespace signet::command
