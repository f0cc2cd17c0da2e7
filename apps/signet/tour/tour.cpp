// SPDX-License-Identifier: Apache-2.0
// `signet tour`: a small real system, alive on the terminal. Its processes are this program again,
// as `signet tour-role`, which is no business of anybody else's.
#include "subcommand.hpp"
#include "terminal.hpp"

#include <signet/base/error.hpp>
#include <tour/conductor.hpp>
#include <tour/file_list.hpp>
#include <tour/role.hpp>

#include <csignal>
#include <memory>

namespace signet::command {
namespace {

constexpr double seconds_least = 3;
constexpr std::uint64_t files_expected = 10;
constexpr int interrupted_status = 128 + SIGINT;

struct tour_options {
    double seconds = 45;
    tour::settings settings{};
};

void check_files(const std::string& directory, std::size_t count) {
    if (count != 0) return;
    throw error{std::make_error_code(std::errc::no_such_file_or_directory), "stream files of",
                directory, "it holds none that can be read; choose another with --files"};
}

int run_tour(tour_options options) {
    options.settings.length =
        std::chrono::milliseconds{static_cast<std::int64_t>(options.seconds * 1000)};
    const std::size_t files = tour::list_files(options.settings.files).size();
    check_files(options.settings.files, files);
    using mode = tour::screen::mode;
    tour::screen shown{options.settings.json ? mode::silent : mode::automatic};
    tour::conductor leader{options.settings, shown};
    leader.perform();
    tour::outcome all = leader.finish();
    all.files_least = std::min<std::uint64_t>(files, files_expected);
    shown.settle();
    shown.show(tour::summarize(all));
    if (options.settings.json) write_output(tour::to_json(all) + '\n');
    if (!tour::find_faults(all).empty()) return 1;
    return all.interrupted && !options.settings.forever ? interrupted_status : 0;
}

constexpr const char* example =
    R"(Five processes, the same program in five roles: a sampler of /proc that two viewers watch,
and an archiver whose files a hasher reads in place. The tour kills them at random moments, again
and again; kill them yourself too, or stop one (kill -STOP). In the end sha256sum says whether the
hashes are right. Status 0 only where nothing was torn, lost or left behind.

Example:
  signet tour --seconds 20 --files /usr/share/doc)";

void add_role(command_line app, action& chosen) {
    auto given = std::make_shared<tour::orders>();
    command_line role = app.add_subcommand("tour-role", "One process of a tour");
    role.hide();
    role.add_option("ROLE", given->role).required();
    role.add_option("--tour", given->tour).required();
    role.add_option("--conductor", given->conductor).required();
    role.add_option("--slot", given->slot).required();
    role.add_option("--files", given->files).required();
    role.add_option("--first", given->first_file).required();
    role.callback([given, &chosen] { chosen = [given] { return tour::play(*given); }; });
}

}  // namespace

void add_tour(command_line app, action& chosen) {
    auto options = std::make_shared<tour_options>();
    command_line sub = app.add_subcommand("tour", "Watch a small system live through kill -9");
    const option seconds = sub.add_option("--seconds", options->seconds, "How long (default 45)")
                               .between(seconds_least, 1e6);
    sub.add_flag("--forever", options->settings.forever, "Until Ctrl-C").excludes(seconds);
    sub.add_option("--files", options->settings.files,
                   "The directory whose files are hashed (default /usr/include)")
        .type_name("DIR");
    sub.add_flag("--json", options->settings.json, "Only the final tally, as one JSON object");
    sub.footer(example);
    sub.callback([sub, options, &chosen] {
        if (!sub.subcommand_given()) chosen = [options] { return run_tour(*options); };
    });
    add_tour_mechanisms(sub, chosen);
    add_role(app, chosen);
}

}  // namespace signet::command
