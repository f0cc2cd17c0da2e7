// SPDX-License-Identifier: Apache-2.0
// `signet`: one subcommand per file. Exit status: 0 done, 1 it did not work, 2 wrong usage, 128 + n
// cut short by signal n.
#include "own_limit.hpp"
#include "subcommand.hpp"
#include "terminal.hpp"

#include <signet/os/pipe_io.hpp>

#include <fmt/core.h>

#include <cstdio>
#include <exception>

namespace {

using namespace signet::command;

constexpr void (*subcommands[])(command_line, action&) = {
    add_pub, add_sub,      add_ls,   add_top,      add_doctor, add_bench, add_tour, add_advise,
    add_cat, add_carriers, add_call, add_describe, add_serve,  add_push,  add_pop,  add_queue,
};

int perform(const action& chosen) try {
    const int status = chosen();
    flush_output();
    return status;
} catch (const output_closed&) {
    return 0;  // the reader of our output has seen enough
} catch (const std::exception& e) {
    fmt::print(stderr, "signet: {}\n", e.what());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    signet::os::ignore_sigpipe();
    raise_own_limit();
    program whole{"signet", "Messages between processes, through sealed rings of shared memory.",
                  SIGNET_VERSION};
    command_line app = whole.line();
    app.require_subcommand();
    app.footer("signet SUBCOMMAND --help tells more, with an example.");
    action chosen;
    for (const auto add : subcommands) add(app, chosen);
    if (const auto status = whole.read(argc, argv)) return *status;
    return perform(chosen);
}
