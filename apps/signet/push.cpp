// SPDX-License-Identifier: Apache-2.0
// `signet push`: puts messages into a queue.
#include "interruption.hpp"
#include "line_reader.hpp"
#include "queue_making.hpp"
#include "queue_values.hpp"
#include "subcommand.hpp"
#include "terminal.hpp"

#include <signet/base/error.hpp>

#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>

namespace signet::command {
namespace {

struct push_options {
    std::string name;
    std::vector<std::string> values;
    std::string file;
    bool lines = false;
    queue_making making;
    unsigned priority = 0;
    double delay_s = 0;
    double expires_s = 0;
    std::string id;
    std::string reply_to;
    double timeout_s = 0;
    bool no_wait = false;
    bool json = false;

    push_terms terms() const {
        push_terms chosen{.priority = priority,
                          .delay = nanoseconds_of(delay_s),
                          .expires = nanoseconds_of(expires_s),
                          .reply_to = reply_to};
        if (!id.empty()) chosen.id = message_id_of(id);
        return chosen;
    }
};

std::string whole_of(std::istream& from) {
    return {std::istreambuf_iterator<char>{from}, {}};
}

std::string whole_file(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) throw std::system_error{errno, std::generic_category(), "cannot read " + path};
    return whole_of(file);
}

/// Standard input as one message, as far as it came before an interruption.
std::string whole_input(const std::stop_token& stop) {
    constexpr std::size_t at_once = std::size_t{1} << 20;
    line_reader input{"-", at_once, ""};
    std::string all;
    while (auto more = input.next_bytes(stop)) all += *more;
    return all;
}

class pusher {
public:
    explicit pusher(const push_options& options)
        : options_{options},
          queue_{make_queue(options.name, options.making)},
          type_{queue_.type()},
          until_{options.timeout_s > 0 ? after(nanoseconds_of(options.timeout_s)) : never} {}

    int run() {
        const bool all = options_.values.empty() ? push_source() : push_values();
        if (options_.json) tell();
        if (!options_.json && duplicates_ != 0) {
            fmt::print(stderr, "signet: {}: {} of {} had an id that is known, and were dropped\n",
                       queue_.name(), duplicates_, duplicates_ + accepted_);
        }
        if (interrupted_.came()) return interrupted_.exit_status();
        if (all) return 0;
        fmt::print(stderr, "signet: {}: it is full; {} were pushed\n", queue_.name(), accepted_);
        return 1;
    }

private:
    bool push_values() {
        for (const std::string& value : options_.values) {
            const bool input = value == "-";
            if (!push(input ? whole_input(interrupted_.token()) : value)) return false;
        }
        return true;
    }

    bool push_source() {
        const std::string path = options_.file.empty() ? "-" : options_.file;
        if (options_.lines) return push_lines(path);
        return push(path == "-" ? whole_input(interrupted_.token()) : whole_file(path));
    }

    bool push_lines(const std::string& path) {
        line_reader lines{path, line_bytes_max(), "--message-max"};
        while (const auto line = lines.next(interrupted_.token())) {
            if (!push(*line)) return false;
        }
        return true;
    }

    std::size_t line_bytes_max() const {
        constexpr std::size_t json_by_bytes = 16;  // JSON may be longer than what it says
        return queue_.message_bytes_max() * (type_ ? json_by_bytes : 1);
    }

    /// False: interrupted, or there was no room in time.
    bool push(const std::string& text) {
        if (interrupted_.came()) return false;
        const push_outcome became = put(message_of(type_, text));
        if (became == push_outcome::accepted) ++accepted_;
        if (became == push_outcome::duplicate) ++duplicates_;
        if (became == push_outcome::unconfirmed) complain_of_the_log();
        return became != push_outcome::full;
    }

    [[noreturn]] void complain_of_the_log() const {
        throw error{make_error_code(std::errc::timed_out), "push to", queue_.name(),
                    "the message is there, and not known to be on the disk: who writes the log is "
                    "held up, or stopped"};
    }

    push_outcome put(const std::vector<std::byte>& message) {
        if (options_.no_wait) return queue_.try_push(message, options_.terms());
        if (until_ == never) return queue_.push(message, options_.terms());
        return queue_.push_for(message, until_ - clock::now(), options_.terms());
    }

    void tell() const {
        write_output(
            json_value{{"queue", queue_.name()}, {"pushed", accepted_}, {"duplicates", duplicates_}}
                .dump() +
            '\n');
        flush_output();
    }

    const push_options& options_;
    interruption interrupted_;
    raw_queue queue_;
    stopping_queue on_interruption_{queue_, interrupted_.token()};
    queue_type type_;
    deadline until_;
    std::uint64_t accepted_ = 0;
    std::uint64_t duplicates_ = 0;
};

void check(const push_options& options) {
    if (!options.id.empty() && (options.lines || options.values.size() > 1)) {
        throw std::runtime_error{"--id is of one message, and here there may be many"};
    }
}

constexpr const char* example =
    R"(Each VALUE is one message, - is all of standard input; without any, so is standard
input. A queue that is not there yet is made, and its messages are text. Where a
program made it they are of its type, and each VALUE is JSON. A full queue makes us
wait. Whoever is killed, what was pushed is delivered.

Examples:
  signet push jobs 'resize photo.jpg' 'resize other.jpg'
  find /etc -name '*.conf' | signet push files --lines
  signet push orders '{"number": 17, "item": "tea"}' --id order-17 --priority 1
  signet push jobs cleanup --delay 60 --expires 3600)";

void add_terms(command_line push, push_options& options) {
    push.add_option("--priority", options.priority, "0 comes first; below what the queue has");
    push.add_option("--delay", options.delay_s, "Delivered after so many seconds").positive();
    push.add_option("--expires", options.expires_s, "Not delivered after so many seconds")
        .positive();
    push.add_option("--id", options.id,
                    "Pushed again within the queue's window, a message of this id is dropped");
    push.add_option("--reply-to", options.reply_to, "The mailbox that the answer goes to");
}

}  // namespace

void add_push(command_line app, action& chosen) {
    auto options = std::make_shared<push_options>();
    command_line push = app.add_subcommand("push", "Put messages into a queue");
    push.add_option("NAME", options->name, "Such as jobs, or shop/orders").required();
    const option values =
        push.add_option("VALUE", options->values, "Messages; - is standard input (default)");
    push.add_option("--file", options->file, "Push this file, as one message")
        .excludes(values)
        .existing_file();
    push.add_flag("--lines", options->lines, "Each line of the input is a message")
        .excludes(values);
    add_terms(push, *options);
    const option timeout =
        push.add_option("--timeout", options->timeout_s, "Wait at most so many seconds for room")
            .positive();
    push.add_flag("--no-wait", options->no_wait, "Do not wait for room").excludes(timeout);
    add_queue_making(push, options->making);
    push.add_flag("--json", options->json, "Tell how many were pushed as one JSON object");
    push.footer(example);
    push.callback([options, &chosen] {
        chosen = [options] {
            check(*options);
            return pusher{*options}.run();
        };
    });
}

}  // namespace signet::command
