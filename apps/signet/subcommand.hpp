// SPDX-License-Identifier: Apache-2.0
// What a subcommand is: a function that adds its options and help to the command line and, where it
// was chosen, leaves behind what is to be done. To add one: declare its function here, define it in
// a file of its own, and name it in the list in main.cpp.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>

namespace signet::command {

/// Does the work and returns the exit status: 0 done, 1 not done. What it throws is printed as
/// "signet: <what()>" and ends with status 1.
using action = std::function<int()>;

void add_pub(CLI::App& app, action& chosen);
void add_sub(CLI::App& app, action& chosen);
void add_ls(CLI::App& app, action& chosen);
void add_top(CLI::App& app, action& chosen);
void add_doctor(CLI::App& app, action& chosen);
void add_bench(CLI::App& app, action& chosen);
void add_tour(CLI::App& app, action& chosen);
void add_advise(CLI::App& app, action& chosen);

/// A subcommand of `bench`.
void add_bench_crowd(CLI::App& bench, action& chosen);
void add_bench_sync(CLI::App& bench, action& chosen);
void add_bench_channel(CLI::App& bench, action& chosen);

/// A subcommand of `tour`.
void add_tour_mechanisms(CLI::App& tour, action& chosen);

}  // namespace signet::command
