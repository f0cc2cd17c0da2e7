// SPDX-License-Identifier: Apache-2.0
// `signet describe`: the methods of a service, and whether they still suit those who call them.
#include "cat_tls.hpp"
#include "description_file.hpp"
#include "interruption.hpp"
#include "json_value.hpp"
#include "known_methods.hpp"
#include "method_differences.hpp"
#include "subcommand.hpp"
#include "terminal.hpp"
#include "text_table.hpp"

#include <signet/base/error.hpp>
#include <signet/wire/utf8.hpp>

#include <fmt/core.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

namespace signet::command {
namespace {

constexpr int refused_status = 3;

struct describe_options {
    std::string address;
    std::string against;
    double timeout_s = 5;
    bool json = false;
};

std::string file_content(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) throw std::system_error{errno, std::generic_category(), "cannot read " + path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

std::string value_text(const value_signature& value) {
    const std::string text = value.name.empty() ? value.type : value.name + ": " + value.type;
    return wire::printable(text);
}

std::string parameters_text(const method_signature& method) {
    std::string text;
    for (const value_signature& one : method.parameters) {
        text += (text.empty() ? "" : ", ") + value_text(one);
    }
    return text.empty() ? "nothing" : text;
}

std::string fields_text(const described_type& type) {
    std::string text;
    for (const auto& [name, of] : type.fields) {
        text += (text.empty() ? "" : ", ") + name + ": " + of;
    }
    return wire::printable(text);
}

void write_lines(const text_table& table) {
    for (const std::string& line : table.lines()) write_output(line + '\n');
}

void print_tables(const known_methods& all) {
    text_table methods{{{"METHOD"}, {"TAKES"}, {"GIVES"}}};
    for (const method_signature& one : all) {
        methods.add({wire::printable(one.name), parameters_text(one), value_text(one.result)});
    }
    write_lines(methods);
    const auto types = types_in(all);
    if (types.empty()) return;
    text_table fields{{{"TYPE"}, {"FIELDS"}}};
    for (const auto& one : types) fields.add({wire::printable(one.name), fields_text(one)});
    write_output("\n");
    write_lines(fields);
}

class describer {
public:
    explicit describer(const describe_options& options)
        : options_{options}, until_{seconds_from_now(options.timeout_s)} {}

    int run() {
        const known_methods all = methods_at(options_.address);
        if (!options_.against.empty()) return compare(all);
        options_.json ? write_output(description_json(all) + '\n') : print_tables(all);
        return 0;
    }

private:
    known_methods methods_at(const std::string& address) const {
        const auto service = connect_service(address, until_);
        auto all = ask_methods(*service, {until_, interrupted_.token()});
        if (all) return *std::move(all);
        throw std::runtime_error{
            address +
            " cannot say what methods it has: it is not a server of Signet's, or one of "
            "an older version"};
    }

    known_methods others() const {
        std::error_code none;
        const bool is_file = std::filesystem::exists(options_.against, none);
        return is_file ? methods_in(options_.against) : methods_at(options_.against);
    }

    static known_methods methods_in(const std::string& file) try {
        return parse_description(file_content(file));
    } catch (const error& e) {
        throw std::runtime_error{file + " is no description of a service: " + e.advice()};
    }

    int compare(const known_methods& all) const {
        const auto differences = differences_between(all, others());
        options_.json ? print_json(differences) : print(differences);
        return refuses_callers(differences) ? refused_status : 0;
    }

    void print(const std::vector<method_difference>& differences) const {
        for (const method_difference& one : differences) {
            write_output(fmt::format("{}: {}{}\n", wire::printable(one.method),
                                     wire::printable(one.text), one.refuses ? "  [refused]" : ""));
        }
        if (differences.empty()) write_output("no difference\n");
    }

    static void print_json(const std::vector<method_difference>& differences) {
        json_value all = json_value::array();
        for (const method_difference& one : differences) {
            all.push_back({{"method", one.method}, {"text", one.text}, {"refused", one.refuses}});
        }
        write_output(all.dump() + '\n');
    }

    const describe_options& options_;
    interruption interrupted_;
    deadline until_;
};

constexpr const char* example =
    R"(Lists what the methods take and give, and the fields of the structs among it.
With --json {"methods": [...], "types": {...}} on one line, which a file may keep.

--against compares with such a file, or with another service: what those have who
were built for that one, and call this one. "ours" is this one. What they would be
refused for, or could not read, is marked [refused] (with --json "refused": true).

Exit status: 0 they can go on, 3 they would be refused, 1 it did not work.

Examples:
  signet describe robot
  signet describe robot --json >robot-1.json
  signet describe robot --against robot-1.json)";

}  // namespace

void add_describe(command_line app, action& chosen) {
    auto options = std::make_shared<describe_options>();
    command_line describe =
        app.add_subcommand("describe", "List the methods of a service, with their types");
    describe.add_option("NAME", options->address, "Such as sums, or an address: tcp://host:4711")
        .required();
    describe
        .add_option("--against", options->against,
                    "Tell what differs from this service, or from a file that --json made")
        .type_name("FILE|NAME");
    describe.add_option("--timeout", options->timeout_s, "Give up after so many seconds (5)")
        .positive();
    describe.add_flag("--json", options->json, "JSON, on one line");
    const auto use_tls_options = add_tls_options(describe);
    describe.footer(example);
    describe.callback([options, use_tls_options, &chosen] {
        chosen = [options, use_tls_options] {
            use_tls_options();
            return describer{*options}.run();
        };
    });
}

}  // namespace signet::command
