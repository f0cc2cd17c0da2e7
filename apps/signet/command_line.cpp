// SPDX-License-Identifier: Apache-2.0
#include "command_line.hpp"

#include <CLI/CLI.hpp>

#include <utility>

namespace signet::command {
namespace {

constexpr int usage_error = 2;

/// Stands behind "[...]", which CLI11 would take apart as a list, until it has been read.
constexpr char as_it_is = '\x1f';

std::string marked(std::string argument) {
    if (argument.starts_with('[') && argument.ends_with(']')) argument += as_it_is;
    return argument;
}

std::string unmarked(std::string argument) {
    if (argument.ends_with(as_it_is)) argument.pop_back();
    return argument;
}

/// Reads text as it was given; everything else is left to CLI11.
template <class Value>
CLI::Option* add_to(CLI::App& app, const std::string& name, Value& into, const std::string& help) {
    return app.add_option(name, into, help);
}

CLI::Option* add_to(CLI::App& app, const std::string& name, std::string& into,
                    const std::string& help) {
    return app.add_option_function<std::string>(
        name, [&into](const std::string& value) { into = unmarked(value); }, help);
}

CLI::Option* add_to(CLI::App& app, const std::string& name, std::vector<std::string>& into,
                    const std::string& help) {
    return app.add_option_function<std::vector<std::string>>(
        name,
        [&into](std::vector<std::string> values) {
            for (std::string& one : values) one = unmarked(std::move(one));
            into = std::move(values);
        },
        help);
}

}  // namespace

option option::required() {
    one_->required();
    return *this;
}

option option::excludes(option other) {
    one_->excludes(other.one_);
    return *this;
}

option option::needs(option other) {
    one_->needs(other.one_);
    return *this;
}

option option::positive() {
    one_->check(CLI::PositiveNumber);
    return *this;
}

option option::between(int least, int most) {
    one_->check(CLI::Range(least, most));
    return *this;
}

option option::between(double least, double most) {
    one_->check(CLI::Range(least, most));
    return *this;
}

option option::one_of(std::vector<std::string> words) {
    one_->check(CLI::IsMember(std::move(words)));
    return *this;
}

option option::existing_file() {
    one_->check(CLI::ExistingFile);
    return *this;
}

option option::type_name(const std::string& shown) {
    one_->type_name(shown);
    return *this;
}

bool option::given() const {
    return one_->count() != 0;
}

command_line command_line::add_subcommand(const std::string& name, const std::string& help) {
    return command_line{*app_->add_subcommand(name, help)};
}

template <option_value Value>
option command_line::add_option(const std::string& name, Value& into, const std::string& help) {
    return option{*add_to(*app_, name, into, help)};
}

template <option_value Value>
option command_line::add_flag(const std::string& name, Value& into, const std::string& help) {
    return option{*app_->add_flag(name, into, help)};
}

option command_line::add_option_function(const std::string& name,
                                         const std::function<void(const std::string&)>& take,
                                         const std::string& help) {
    return option{*app_->add_option_function<std::string>(
        name, [take](const std::string& value) { take(unmarked(value)); }, help)};
}

void command_line::footer(const std::string& text) {
    app_->footer(text);
}

void command_line::hide() {
    app_->group("");
}

void command_line::require_subcommand() {
    app_->require_subcommand(1);
}

bool command_line::subcommand_given() const {
    return !app_->get_subcommands().empty();
}

void command_line::callback(std::function<void()> run) {
    app_->callback(std::move(run));
}

program::program(const std::string& name, const std::string& description,
                 const std::string& version)
    : app_{std::make_unique<CLI::App>(description, name)} {
    app_->set_version_flag("--version", version);
}

program::~program() = default;

std::optional<int> program::read(int argc, char** argv) try {
    std::vector<std::string> arguments;  // the last one first
    for (int i = argc - 1; i > 0; --i) arguments.push_back(marked(argv[i]));
    app_->parse(std::move(arguments));
    return std::nullopt;
} catch (const CLI::ParseError& e) {
    return app_->exit(e) == 0 ? 0 : usage_error;
}

template option command_line::add_option(const std::string&, int&, const std::string&);
template option command_line::add_option(const std::string&, unsigned&, const std::string&);
template option command_line::add_option(const std::string&, std::uint64_t&, const std::string&);
template option command_line::add_option(const std::string&, double&, const std::string&);
template option command_line::add_option(const std::string&, std::string&, const std::string&);
template option command_line::add_option(const std::string&, std::vector<std::string>&,
                                         const std::string&);
template option command_line::add_flag(const std::string&, bool&, const std::string&);
template option command_line::add_flag(const std::string&, std::string&, const std::string&);

}  // namespace signet::command
