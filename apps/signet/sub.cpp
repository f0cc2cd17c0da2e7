// SPDX-License-Identifier: Apache-2.0
// `signet sub`: prints the messages of a topic, of any type, without its header.
#include "events.hpp"
#include "interruption.hpp"
#include "subcommand.hpp"
#include "terminal.hpp"

#include <signet/base/name.hpp>
#include <signet/context.hpp>
#include <signet/face/topic_place.hpp>
#include <signet/transport/shm/topic_subscriber.hpp>
#include <signet/wire/json.hpp>
#include <signet/wire/utf8.hpp>

#include <fmt/core.h>

#include <array>
#include <cstdio>
#include <memory>
#include <optional>

namespace signet::command {
namespace {

using transport::shm::received_message;
using transport::shm::topic_subscriber;

enum class style { plain, pretty, json };

struct sub_options {
    std::string topic;
    bool json = false;
    bool pretty = false;
    std::uint64_t count = 0;
    bool block = false;
    double timeout_s = 0;
    bool stats = false;
    double interval_s = 1;
    bool latest = false;
    std::uint64_t history = 0;
    double due_ms = 0;

    transport::subscriber_options engine() const {
        transport::subscriber_options options{.history = history};
        if (block) options.policy = transport::delivery::block;
        if (latest) options.policy = transport::delivery::latest;
        if (due_ms > 0) options.message_due = duration(due_ms / 1000);
        return options;
    }

    static std::chrono::nanoseconds duration(double seconds) {
        return std::chrono::ceil<std::chrono::nanoseconds>(std::chrono::duration<double>{seconds});
    }

    style chosen_style() const {
        if (json) return style::json;
        return pretty || on_terminal() ? style::pretty : style::plain;
    }
};

/// One message as text.
class printer {
public:
    /// `each_topic`: whether the topic stands before each message, since it may be any.
    printer(bool each_topic, style how) : each_topic_{each_topic}, style_{how} {}

    void print(const received_message& message, std::span<const std::byte> payload) {
        line_.clear();
        if (style_ == style::json) {
            append_object(message, payload);
        } else {
            if (each_topic_) line_ += message.from->topic + ": ";
            append_plain(message.from->type, payload);
        }
        line_ += '\n';
        write_output(line_);
    }

private:
    void append_object(const received_message& message, std::span<const std::byte> payload) {
        line_ += "{\"topic\":";
        wire::append_json_text(line_, message.from->topic);
        line_ += fmt::format(
            ",\"number\":{},\"publisher\":\"{:016x}\",\"pid\":{},\"lost_before\":{},\"data\":",
            message.view.number, message.from->shown, pid_of(*message.from), message.lost_before);
        wire::append_json(line_, message.from->type, payload);
        line_ += '}';
    }

    /// 0 where a relay of our own stands for one that is elsewhere.
    static int pid_of(const transport::shm::source& from) {
        return from.shown == from.publisher ? from.identity.pid : 0;
    }

    void append_plain(const wire::type_descriptor& type, std::span<const std::byte> payload) {
        if (type.root().kind == wire::type_kind::text) {
            const std::string_view text{reinterpret_cast<const char*>(payload.data()),
                                        payload.size()};
            line_ += style_ == style::pretty ? wire::printable(text) : std::string{text};
        } else {
            wire::append_json(
                line_, type, payload,
                style_ == style::pretty ? wire::json_style::indented : wire::json_style::one_line);
        }
    }

    bool each_topic_;
    style style_;
    std::string line_;
};

/// What came in since the last look, as a line.
class rate_line {
public:
    explicit rate_line(bool json) : json_{json} {}

    void count(std::size_t bytes) { bytes_ += bytes; }

    std::string next(const topic_subscriber& from) {
        const auto now = clock::now();
        const std::chrono::duration<double> passed = now - std::exchange(since_, now);
        const auto counts = from.counts();
        const auto before = std::exchange(before_, counts);
        const auto rate = [&](std::uint64_t then, std::uint64_t current) {
            return static_cast<double>(current - then) / std::max(passed.count(), 1e-9);
        };
        std::uint64_t lag = 0;
        for (const auto& one : from.statuses()) lag += one.lag;
        return fmt::format(fmt::runtime(json_ ? json_form : plain_form),
                           rate(before.received, counts.received),
                           rate(0, std::exchange(bytes_, 0)) / 1e6, rate(before.lost, counts.lost),
                           rate(before.skipped, counts.skipped), lag, counts.received, counts.lost,
                           counts.skipped, counts.publishers);
    }

private:
    static constexpr const char* plain_form =
        "{:.1f} msg/s  {:.3f} MB/s  {:.1f} lost/s  {:.1f} skipped/s  lag {}  in all {} received, "
        "{} "
        "lost, {} skipped  {} publishers\n";
    static constexpr const char* json_form =
        "{{\"received_per_s\":{:.3f},\"megabytes_per_s\":{:.6f},\"lost_per_s\":{:.3f},"
        "\"skipped_per_s\":{:.3f},\"lag\":{},\"received\":{},\"lost\":{},\"skipped\":{},"
        "\"publishers\":{}}}\n";

    bool json_;
    clock::time_point since_ = clock::now();
    std::uint64_t bytes_ = 0;
    transport::shm::subscriber_counts before_;
};

class listener {
public:
    explicit listener(const sub_options& options)
        : options_{options},
          place_{face::place_to_subscribe(options.topic)},
          topic_{name_for_people(place_.engine_name)},
          printer_{is_wild(topic_), options.chosen_style()},
          rates_{options.json},
          subscriber_{context_.plane(), place_.engine_name, nullptr, options.engine()} {
        if (place_.elsewhere) {
            relay_.emplace(*place_.elsewhere, subscriber_, nullptr, options.engine());
        }
        if (options_.stats) next_line_ = after(interval());
    }

    int run() {
        if (options_.timeout_s > 0) {
            until_ = after(sub_options::duration(options_.timeout_s));
        }
        while (!enough() && receive_one()) {
        }
        flush_output();
        report_events();
        if (options_.stats) print_stats();
        if (options_.count == 0) return 0;  // it listens until it is told not to
        return enough() ? 0 : std::max(interrupted_.exit_status(), 1);
    }

private:
    bool enough() const { return options_.count != 0 && printed_ == options_.count; }

    /// False: interrupted, or the time is up.
    bool receive_one() try {
        received_message message;
        if (subscriber_.try_open(message, buffer_.data())) {
            print(message);
            return true;
        }
        flush_output();  // whoever reads it should not wait for more than there is
        bool got = false;
        const deadline limit = std::min(until_, next_line_);
        const bool woken = subscriber_.wait_for({limit, interrupted_.token()}, [&] {
            got = subscriber_.try_open(message, buffer_.data());
            return got || report_events();
        });
        if (got) print(message);
        return woken || print_rates();
    } catch (const error& e) {
        // one publisher that could not be joined; its event tells the same
        if (!report_events()) fmt::print(stderr, "signet: {}\n", e.what());
        return true;
    }

    std::chrono::nanoseconds interval() const { return sub_options::duration(options_.interval_s); }

    /// Prints how it goes where that is due; whether it was.
    bool print_rates() {
        if (clock::now() < next_line_ || interrupted_.came()) return false;
        next_line_ = after(interval());
        write_output(rates_.next(subscriber_));
        flush_output();
        return true;
    }

    void print(const received_message& message) {
        const std::byte* data =
            message.view.in_place != nullptr ? message.view.in_place : buffer_.data();
        if (message.lost_before != 0 && !options_.json && !options_.stats) {
            fmt::print(stderr, "signet: {}: {} messages lost\n", message.from->topic,
                       message.lost_before);
        }
        const std::unique_ptr<const received_message, hold_end> held{
            message.view.in_place != nullptr ? &message : nullptr, hold_end{&subscriber_}};
        ++printed_;
        if (!options_.stats) return printer_.print(message, {data, message.view.bytes});
        rates_.count(message.view.bytes);
        print_rates();
    }

    bool report_events() {
        bool any = false;
        while (auto event = subscriber_.try_event()) {
            if (relay_) event = relay_->told(*event);
            report_event(topic_, "publisher", *event);
            any = true;
        }
        return any;
    }

    void print_stats() {
        const auto counts = subscriber_.counts();
        fmt::print(stderr, "signet: {}: {} received, {} lost, {} skipped, {} publishers\n", topic_,
                   counts.received, counts.lost, counts.skipped, counts.publishers);
    }

    struct hold_end {
        topic_subscriber* from;
        void operator()(const received_message* message) const noexcept { from->release(*message); }
    };

    const sub_options& options_;
    face::topic_place place_;
    std::string topic_;
    printer printer_;
    rate_line rates_;
    interruption interrupted_;
    context context_;
    topic_subscriber subscriber_;
    std::optional<transport::relay::relayed_subscriber> relay_;
    alignas(8) std::array<std::byte, topic_subscriber::inline_bytes_limit> buffer_;
    std::uint64_t printed_ = 0;
    deadline until_ = never;
    deadline next_line_ = never;
};

constexpr const char* example =
    R"(TOPIC may be a pattern: robot/* is each topic with one more part, robot/** all below
robot and robot itself, ** every topic; then the topic stands before each message.
Quote it, so that the shell leaves it alone.
Prints to standard output; who joined, left or died goes to standard error.
With --json each message is one line:
  {"topic","number","publisher","pid","lost_before","data"}
Ends with status 0 on Ctrl-C or --timeout; with --count only when that many came.

Examples:
  signet sub robot/pose --json --count 10 | jq .data.x
  signet sub 'robot/**'
  signet sub robot/camera --stats      # how fast, and what is lost
  signet sub robot/pose --latest --due 100
  signet sub tcp://robot:7000)";

}  // namespace

void add_sub(command_line app, action& chosen) {
    auto options = std::make_shared<sub_options>();
    command_line sub =
        app.add_subcommand("sub", "Print the messages of a topic, or of many, whatever their type");
    sub.add_option("TOPIC", options->topic,
                   "Such as robot/pose, a pattern such as 'robot/**', or tcp://robot:7000")
        .required();
    const option json = sub.add_flag("--json", options->json, "One JSON object a line");
    sub.add_flag("--pretty", options->pretty, "One field a line (default on a terminal)")
        .excludes(json);
    sub.add_option("--count", options->count, "End after so many messages").positive();
    const option block = sub.add_flag("--block", options->block,
                                      "Have publishers wait for us, so that nothing is lost");
    sub.add_flag("--latest", options->latest, "Only the newest; what is older is passed over")
        .excludes(block);
    sub.add_option("--history", options->history,
                   "Also messages from before we joined, as far as they are still there");
    sub.add_option("--due", options->due_ms,
                   "Tell of each silence of a publisher that lasts so many milliseconds")
        .positive();
    sub.add_option("--timeout", options->timeout_s, "End after so many seconds").positive();
    const option stats = sub.add_flag("--stats", options->stats,
                                      "In place of the messages, how many come and are lost");
    sub.add_option("--interval", options->interval_s, "Seconds between its lines (default 1)")
        .needs(stats)
        .between(0.01, 1e6);
    sub.footer(example);
    sub.callback([options, &chosen] { chosen = [options] { return listener{*options}.run(); }; });
}

}  // namespace signet::command
