// SPDX-License-Identifier: Apache-2.0
// The options of the command, in our own words: what a subcommand may say of its command line. It
// is CLI11 that reads arguments, prints help and finds fault; only command_line.cpp includes it,
// since it takes the compiler longer than the rest of a subcommand does. For one thread. Names that
// CLI11 does not take are a mistake of the programmer, and throw when the command starts.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace signet::command {

/// What an option can be read into. Another type is added here and at the end of command_line.cpp.
template <class T>
concept option_value = std::same_as<T, bool> || std::same_as<T, int> || std::same_as<T, unsigned> ||
                       std::same_as<T, std::uint64_t> || std::same_as<T, double> ||
                       std::same_as<T, std::string> || std::same_as<T, std::vector<std::string>>;

/// An option, a flag or a positional argument: a handle, to be copied, valid as long as its
/// `program`. Each of these demands something of what is given, and returns the option again.
class option {
public:
    explicit option(CLI::Option& one) : one_{&one} {}

    option required();
    option excludes(option other);  ///< not given together
    option needs(option other);     ///< not given without it
    option positive();
    option between(int least, int most);
    option between(double least, double most);
    option one_of(std::vector<std::string> words);
    option existing_file();
    option type_name(const std::string& shown);  ///< in the help, for the value

    /// Whether it was given; known in callbacks.
    bool given() const;

private:
    friend class command_line;
    CLI::Option* one_;
};

/// The command line of a subcommand, or of the whole program: a handle, as an option is one. What
/// arguments are read into must outlive the reading.
class command_line {
public:
    explicit command_line(CLI::App& app) : app_{&app} {}

    command_line add_subcommand(const std::string& name, const std::string& help);

    /// `name` is as in CLI11: "--rate", or "TOPIC" for a positional argument, or both with a comma.
    template <option_value Value>
    option add_option(const std::string& name, Value& into, const std::string& help = {});
    /// With "--plan{text}" the flag has a value, and that one where none is given.
    template <option_value Value>
    option add_flag(const std::string& name, Value& into, const std::string& help);
    /// For a value that is not just stored: `take` gets the text.
    option add_option_function(const std::string& name,
                               const std::function<void(const std::string&)>& take,
                               const std::string& help);

    void footer(const std::string& text);
    void hide();                               ///< from the help of what it is a subcommand of
    void require_subcommand();                 ///< exactly one
    bool subcommand_given() const;             ///< known in callbacks
    void callback(std::function<void()> run);  ///< when all was read and this one was given

private:
    CLI::App* app_;
};

/// Owns the command line of a whole program.
class program {
public:
    program(const std::string& name, const std::string& description, const std::string& version);
    program(const program&) = delete;
    program& operator=(const program&) = delete;
    ~program();

    command_line line() { return command_line{*app_}; }

    /// None: all is well, and the callbacks have run. Otherwise help or what was wrong has been
    /// printed, and this is the status to exit with.
    std::optional<int> read(int argc, char** argv);

private:
    std::unique_ptr<CLI::App> app_;
};

}  // namespace signet::command
