// SPDX-License-Identifier: Apache-2.0
// What a subcommand is: a function that adds its options and help to the command line and, where it
// was chosen, leaves behind what is to be done. To add one: declare its function here, define it in
// a file of its own, and name it in the list in main.cpp.
#pragma once

#include "command_line.hpp"

#include <functional>

namespace signet::command {

/// Does the work and returns the exit status: 0 done, 1 not done. What it throws is printed as
/// "signet: <what()>" and ends with status 1.
using action = std::function<int()>;

void add_pub(command_line app, action& chosen);
void add_sub(command_line app, action& chosen);
void add_ls(command_line app, action& chosen);
void add_top(command_line app, action& chosen);
void add_doctor(command_line app, action& chosen);
void add_bench(command_line app, action& chosen);
void add_tour(command_line app, action& chosen);
void add_advise(command_line app, action& chosen);
void add_cat(command_line app, action& chosen);
void add_carriers(command_line app, action& chosen);
void add_call(command_line app, action& chosen);
void add_describe(command_line app, action& chosen);
void add_serve(command_line app, action& chosen);
void add_push(command_line app, action& chosen);
void add_pop(command_line app, action& chosen);
void add_queue(command_line app, action& chosen);

/// A subcommand of `bench`.
void add_bench_crowd(command_line bench, action& chosen);
void add_bench_sync(command_line bench, action& chosen);
void add_bench_channel(command_line bench, action& chosen);
void add_bench_call(command_line bench, action& chosen);
void add_bench_queue(command_line bench, action& chosen);

/// A subcommand of `queue`.
void add_queue_ls(command_line queue, action& chosen);
void add_queue_show(command_line queue, action& chosen);
void add_queue_purge(command_line queue, action& chosen);
void add_queue_redrive(command_line queue, action& chosen);
void add_queue_rm(command_line queue, action& chosen);
void add_queue_verify(command_line queue, action& chosen);

/// A subcommand of `tour`.
void add_tour_mechanisms(command_line tour, action& chosen);

}  // namespace signet::command
