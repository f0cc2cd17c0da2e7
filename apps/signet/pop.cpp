// SPDX-License-Identifier: Apache-2.0
// `signet pop`: takes messages out of a queue, to print them or to have a command work on them.
#include "interruption.hpp"
#include "pop_command.hpp"
#include "queue_making.hpp"
#include "queue_values.hpp"
#include "subcommand.hpp"
#include "terminal.hpp"

#include <signet/wire/utf8.hpp>

#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>

namespace signet::command {
namespace {

struct pop_options {
    std::string name;
    std::uint64_t count = 1;
    bool all = false;
    bool follow = false;
    double timeout_s = 0;
    std::string exec;
    bool keep_going = false;
    double retry_s = 1;
    bool json = false;
};

class popper {
public:
    explicit popper(const pop_options& options)
        : options_{options},
          queue_{open_queue(options.name)},
          type_{queue_.type()},
          until_{options.timeout_s > 0 ? after(nanoseconds_of(options.timeout_s)) : never} {
        if (!options.exec.empty()) command_.emplace(options.exec, interrupted_);
    }

    int run() {
        while (!enough()) {
            raw_popped message = next();
            if (!message) break;
            if (!handle(message)) return ended(1);
            if (!cut_short_) ++done_;
        }
        return ended(enough() || options_.all || options_.follow ? 0 : 1);
    }

private:
    bool enough() const { return !options_.follow && !options_.all && done_ == options_.count; }

    int ended(int status) const {
        flush_output();
        const bool told_to = options_.follow && !cut_short_;  // it goes on until it is told not to
        if (interrupted_.came() && !enough() && !told_to) return interrupted_.exit_status();
        return failures_ != 0 ? 1 : status;
    }

    raw_popped next() {
        if (interrupted_.came()) return {};
        if (options_.all) return queue_.try_pop();
        if (until_ == never) return queue_.pop();
        return queue_.pop_for(until_ - clock::now());
    }

    /// False: it failed, and that is the end.
    bool handle(raw_popped& message) {
        if (command_) return work_on(message);
        print(message);
        flush_output();  // who reads it has it, before it is done
        message.ack();
        return true;
    }

    bool work_on(raw_popped& message) {
        const work_result became =
            command_->run(plain_text_of(type_, message.bytes()), options_.json);
        if (options_.json) tell(message, became);
        if (became.done) {
            message.ack();
            return true;
        }
        if (became.stopped) {
            cut_short_ = true;  // the message goes back as it is dropped
            return true;
        }
        ++failures_;
        fmt::print(stderr, "signet: {}: {}; the message went back\n", queue_.name(), became.text);
        message.give_back_after(nanoseconds_of(options_.keep_going ? options_.retry_s : 0));
        return options_.keep_going;
    }

    void print(const raw_popped& message) const {
        if (options_.json) {
            json_line line = facts_of(message);
            return write_output(line.with("message", json_text_of(type_, message.bytes())));
        }
        const std::string text = plain_text_of(type_, message.bytes());
        write_output((on_terminal() ? wire::printable(text) : text) + '\n');
    }

    void tell(const raw_popped& message, const work_result& became) const {
        json_line line = facts_of(message);
        line.add("status", json_value(became.text).dump());
        line.add("output", json_value(became.output).dump());
        write_output(line.with("message", json_text_of(type_, message.bytes())));
        flush_output();
    }

    json_line facts_of(const raw_popped& message) const {
        json_line line;
        line.add("queue", json_value(queue_.name()).dump());
        line.add("priority", std::to_string(message.priority()));
        line.add("deliveries", std::to_string(message.deliveries()));
        line.add("age_s", json_value(age_s(message.pushed_at())).dump());
        if (message.id()) line.add("id", json_value(text_of(*message.id())).dump());
        if (!message.reply_to().empty()) {
            line.add("reply_to", json_value(message.reply_to()).dump());
        }
        return line;
    }

    const pop_options& options_;
    interruption interrupted_;
    raw_queue queue_;
    stopping_queue on_interruption_{queue_, interrupted_.token()};
    queue_type type_;
    deadline until_;
    std::optional<pop_command> command_;
    std::uint64_t done_ = 0;
    std::uint64_t failures_ = 0;
    bool cut_short_ = false;  ///< a command was killed since we were interrupted
};

constexpr const char* example =
    R"(Waits for one message and prints it: text as it is, anything else as JSON. It is done
when it was printed; where that fails, or we are killed, somebody gets it again.

With --exec a line of the shell works on each message: it is the standard input, and
where {} stands in the line, it is there, as one word. Status 0 is done. Any other
gives the message back, and ends this with status 1; with --keep-going it comes again
after --retry seconds, and this goes on. Start it as often as there is work for.
Ctrl-C kills a command that is at work, and its message goes back.

Examples:
  signet pop jobs
  signet pop jobs --all                            # what is there now
  signet pop files --follow --exec 'sha1sum {}' --keep-going
  signet pop orders --follow --json | jq .message)";

void add_how_many(command_line pop, pop_options& options) {
    const option count =
        pop.add_option("-n,--count", options.count, "So many messages (1)").positive();
    const option all =
        pop.add_flag("--all", options.all, "All that can be had without waiting").excludes(count);
    pop.add_flag("--follow", options.follow, "Until it is interrupted")
        .excludes(count)
        .excludes(all);
    pop.add_option("--timeout", options.timeout_s, "End after so many seconds").positive();
}

}  // namespace

void add_pop(command_line app, action& chosen) {
    auto options = std::make_shared<pop_options>();
    command_line pop = app.add_subcommand("pop", "Take messages out of a queue, and work on them");
    pop.add_option("NAME", options->name, "Such as jobs, or shop/orders").required();
    add_how_many(pop, *options);
    const option exec =
        pop.add_option("--exec", options->exec, "Run this line of the shell for each message");
    const option keep =
        pop.add_flag("--keep-going", options->keep_going, "Go on where it fails").needs(exec);
    pop.add_option("--retry", options->retry_s, "What failed comes again after so many seconds (1)")
        .needs(keep)
        .positive();
    pop.add_flag("--json", options->json, "One object a line for each message");
    pop.footer(example);
    pop.callback([options, &chosen] { chosen = [options] { return popper{*options}.run(); }; });
}

}  // namespace signet::command
