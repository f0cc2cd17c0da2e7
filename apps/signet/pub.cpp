// SPDX-License-Identifier: Apache-2.0
// `signet pub`: publishes text, lines or files on a topic.
#include "events.hpp"
#include "interruption.hpp"
#include "json_value.hpp"
#include "line_reader.hpp"
#include "subcommand.hpp"

#include <signet/base/name.hpp>
#include <signet/context.hpp>
#include <signet/face/topic_place.hpp>
#include <signet/life/rendezvous_directory.hpp>
#include <signet/link/rendezvous.hpp>
#include <signet/observe/inspect.hpp>
#include <signet/os/memory_limits.hpp>
#include <signet/os/poll.hpp>
#include <signet/transport/shm/memory_plan.hpp>
#include <signet/transport/shm/topic_publisher.hpp>
#include <signet/wire/json_reader.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

namespace signet::command {
namespace {

using namespace std::chrono_literals;
using transport::patience;
using transport::publisher_options;
using transport::shm::topic_publisher;

constexpr std::uint64_t payload_bytes_default = std::uint64_t{64} << 10;
constexpr auto join_limit = 1s;  // for subscribers that are listed already

struct pub_options {
    std::string topic;
    std::vector<std::string> texts;
    std::string file;
    bool lines = false;
    bool bytes = false;
    bool json = false;
    double rate_hz = 0;
    std::uint64_t count = 0;
    std::size_t wait = 0;
    double timeout_s = 0;
    std::uint64_t payload_bytes_max = 0;
    std::uint64_t depth = 0;
    bool no_block = false;
    bool locked = false;
    bool prefaulted = false;
    bool huge_pages = false;
    std::string plan;  ///< "text", "json"; empty: publish
    bool timestamps = true;
    std::uint64_t history = 0;
    double stall_budget_ms = 0;
};

std::chrono::nanoseconds seconds(double count) {
    return std::chrono::ceil<std::chrono::nanoseconds>(std::chrono::duration<double>{count});
}

std::string whole_file(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) {
        throw std::system_error{errno, std::generic_category(), "cannot read " + path};
    }
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// The type that somebody at the topic has already. Throws where nobody says one.
wire::type_descriptor type_at(const std::string& topic) {
    const observe::snapshot seen = observe::inspect(life::default_rendezvous_path());
    for (const auto& process : seen.processes) {
        for (const auto& one : process.endpoints) {
            if (one.topic == topic && one.type) return *one.type;
        }
    }
    throw std::runtime_error{
        fmt::format("{}: nobody is there to say what type it has; JSON needs one", topic)};
}

wire::type_descriptor type_for(const pub_options& options, const std::string& topic) {
    if (options.json) return type_at(topic);
    return options.bytes ? wire::bytes_descriptor() : wire::text_descriptor();
}

publisher_options engine_options(const pub_options& options, std::uint64_t bytes_max) {
    publisher_options chosen{.depth = options.depth,
                             .history = options.history,
                             .payload_bytes_max = bytes_max,
                             .allow_block = !options.no_block,
                             .timestamps = options.timestamps};
    if (options.stall_budget_ms > 0) {
        chosen.stall_budget = std::chrono::ceil<std::chrono::nanoseconds>(
            std::chrono::duration<double, std::milli>{options.stall_budget_ms});
    }
    if (options.prefaulted) chosen.memory = transport::paging::prefaulted;
    if (options.locked) chosen.memory = transport::paging::locked;
    if (options.huge_pages) chosen.pages = transport::page_size::huge;
    return chosen;
}

std::string plan_json(const transport::shm::memory_plan& plan) {
    return json_value{{"depth", plan.depth},
                      {"slot_bytes", plan.slot_bytes},
                      {"chunk_bytes", plan.chunk_bytes},
                      {"payload_bytes_max", plan.payload_bytes_max},
                      {"chunks_at_creation", plan.chunks_at_creation},
                      {"chunks_full", plan.chunks_full},
                      {"chunks_max", plan.chunks_max},
                      {"ring_bytes", plan.ring_bytes},
                      {"bytes_at_creation", plan.bytes_at_creation},
                      {"bytes_full", plan.bytes_full},
                      {"bytes_max", plan.bytes_max},
                      {"address_bytes", plan.address_bytes},
                      {"huge_pages", plan.huge_pages()},
                      {"grows", plan.grows()}}
        .dump();
}

/// Prints what publishing so would take; then says, as publishing would, if it does not fit.
int print_plan(const pub_options& options) {
    const std::string topic = parse_address(options.topic).name;
    std::uint64_t bytes_max = options.payload_bytes_max;
    if (bytes_max == 0) bytes_max = payload_bytes_default;
    const auto plan = transport::shm::plan_memory(engine_options(options, bytes_max),
                                                  type_for(options, topic), topic);
    if (options.plan == "json") fmt::print("{}\n", plan_json(plan));
    if (options.plan == "text") fmt::print("{}", to_text(plan));
    transport::shm::require_memory(plan, os::current_memory_limits(), topic);
    return 0;
}

/// Where the messages come from: texts, over and over where a count asks for more of them, or
/// lines.
class message_source {
public:
    message_source(const pub_options& options, std::stop_token stop)
        : texts_{options.texts}, left_{options.count}, stop_{std::move(stop)} {
        if (!options.file.empty() && !options.lines) texts_.push_back(whole_file(options.file));
        if (left_ == 0 && !texts_.empty()) left_ = texts_.size();
        bytes_max_ = options.payload_bytes_max != 0 ? options.payload_bytes_max : longest();
        if (texts_.empty()) {
            lines_.emplace(options.file.empty() ? "-" : options.file, bytes_max_, "--payload-max");
        }
    }

    /// None: the end, or an interruption.
    std::optional<std::string> next() {
        const bool counted = left_ != 0;
        if (counted_out_) return std::nullopt;
        if (counted && --left_ == 0) counted_out_ = true;
        return lines_ ? lines_->next(stop_) : std::optional{texts_[turn_++ % texts_.size()]};
    }

    std::uint64_t bytes_max() const { return bytes_max_; }

private:
    std::uint64_t longest() const {
        std::uint64_t most = payload_bytes_default;
        for (const std::string& text : texts_) most = std::max<std::uint64_t>(most, text.size());
        return most;
    }

    std::vector<std::string> texts_;
    std::uint64_t left_;
    std::stop_token stop_;
    bool counted_out_ = false;
    std::size_t turn_ = 0;
    std::uint64_t bytes_max_ = 0;
    std::optional<line_reader> lines_;
};

class talker {
public:
    explicit talker(const pub_options& options)
        : options_{options},
          place_{face::place_to_publish(options.topic)},
          topic_{name_for_people(place_.engine_name)},
          type_{type_for(options, topic_)},
          source_{options, interrupted_.token()},
          engine_options_{options_there()},
          publisher_{context_.plane(), place_.engine_name, type_, engine_options_} {
        if (!place_.elsewhere) return;
        relay_.emplace(*place_.elsewhere, publisher_, engine_options_);
        topic_ = relay_->address();
    }

    int run() {
        if (!wait_for_subscribers()) return ended_without("no subscriber came in time");
        deadline next = clock::now();
        while (!interrupted_.came() && wait_until(next)) {
            const auto message = source_.next();
            if (!message) break;
            if (!publish_as_typed(*message)) break;
            report_refusals();
            if (options_.rate_hz > 0)
                next = std::max(next, clock::now() - 1s) + seconds(1 / options_.rate_hz);
        }
        report_refusals();
        if (nobody_heard_) fmt::print(stderr, "signet: {}: nobody was listening\n", topic_);
        return interrupted_.exit_status();
    }

private:
    publisher_options options_there() const {
        const auto wanted = engine_options(options_, source_.bytes_max());
        if (!place_.elsewhere) return wanted;
        return transport::relay::options_at(*place_.elsewhere, type_, wanted);
    }

    patience willing(deadline until) const { return {until, interrupted_.token()}; }

    int ended_without(const char* what) {
        if (interrupted_.came()) return interrupted_.exit_status();
        throw std::runtime_error{fmt::format("{}: {}", topic_, what)};
    }

    bool wait_for_subscribers() {
        if (options_.wait == 0) return wait_for_listed();
        const deadline until = options_.timeout_s > 0 ? after(seconds(options_.timeout_s)) : never;
        return publisher_.wait_for_subscribers(options_.wait, willing(until));
    }

    /// Whoever is there already should hear the first message. Names of the dead are gone by now:
    /// the publisher removed them when it called at each.
    bool wait_for_listed() {
        std::size_t listed = 0;
        for (const link::listing& entry : context_.plane()->directory().list(topic_)) {
            if (entry.side == link::role::subscriber) ++listed;
        }
        const deadline until = after(join_limit);
        while (!interrupted_.came() && publisher_.subscribers() + refused_ < listed) {
            if (clock::now() >= until) {
                fmt::print(stderr, "signet: {}: {} of {} subscribers have not answered\n", topic_,
                           listed - publisher_.subscribers() - refused_, listed);
                break;
            }
            publisher_.wait_for_subscribers(listed - refused_,
                                            willing(std::min(until, after(20ms))));
            report_refusals();
        }
        return true;
    }

    bool wait_until(deadline time) {
        if (options_.rate_hz <= 0) return true;
        return !os::wait_readable(interrupted_.fd(), time);
    }

    bool publish_as_typed(const std::string& message) {
        if (!options_.json) return publish(std::as_bytes(std::span{message}));
        return publish(wire::parse_json(type_, message));
    }

    /// False: interrupted.
    bool publish(std::span<const std::byte> message) {
        nobody_heard_ = nobody_heard_ && publisher_.subscribers() == 0;
        if (message.size() > publisher_.payload_bytes_max()) {
            throw std::runtime_error{
                fmt::format("a message of {} bytes is longer than {}; raise --payload-max",
                            message.size(), publisher_.payload_bytes_max())};
        }
        const patience limit = willing(never);
        if (publisher_.fits_slot(message.size())) {
            return publisher_.publish_inline(message.data(), message.size(), limit);
        }
        const auto loan = publisher_.loan(message.size(), limit);
        if (!loan) return false;
        std::memcpy(loan->data, message.data(), message.size());
        if (publisher_.publish_loan(*loan, message.size(), limit)) return true;
        publisher_.give_back(*loan);
        return false;
    }

    void report_refusals() {
        while (auto event = publisher_.try_event()) {
            if (relay_) event = relay_->told(*event);
            if (event->what != transport::topic_event::kind::refused) continue;
            ++refused_;
            report_event(topic_, "subscriber", *event);
        }
    }

    const pub_options& options_;
    face::topic_place place_;
    std::string topic_;
    wire::type_descriptor type_;
    interruption interrupted_;
    context context_;
    message_source source_;
    publisher_options engine_options_;
    topic_publisher publisher_;
    std::optional<transport::relay::relayed_publisher> relay_;
    std::size_t refused_ = 0;
    bool nobody_heard_ = true;
};

constexpr const char* example =
    R"X(Each TEXT is one message; without any, each line of standard input is one. The
type of the topic is text. Subscribers that are there already get all of it: the
first message waits until they have joined, at most one second. With --count the
TEXTs are published over and over until so many messages are out.

Examples:
  signet pub robot/log "ready" "steady"
  tail -f /var/log/syslog | signet pub host/log
  signet pub camera/raw --payload-max 8000000 --depth 8 --plan   # what it would take
  signet pub clock/tick tick --rate 10 --count 600
  signet pub robot/pose --json '{"x": 1.5, "y": 2}'   # somebody is there already
  tail -f /var/log/syslog | signet pub 'tcp://*:7000'   # for other machines)X";

void add_what(command_line pub, pub_options& options) {
    const option texts =
        pub.add_option("TEXT", options.texts, "Messages; default: lines of standard input");
    pub.add_option("--file", options.file, "Publish this file, as one message")
        .excludes(texts)
        .existing_file();
    pub.add_flag("--lines", options.lines, "Each line of the file is a message");
    const option bytes =
        pub.add_flag("--bytes", options.bytes, "The type of the topic is bytes, not text");
    pub.add_flag("--json", options.json,
                 "Messages are JSON, of the type that somebody at the topic has already")
        .excludes(bytes);
    pub.add_option("--count", options.count, "Publish so many messages").positive();
}

void add_how(command_line pub, pub_options& options) {
    pub.add_option("--rate", options.rate_hz, "Messages a second; default: as fast as they come")
        .positive();
    const option wait =
        pub.add_option("--wait", options.wait, "Wait until so many subscribers have joined")
            .positive();
    pub.add_option("--timeout", options.timeout_s, "Give up waiting for them after so many seconds")
        .needs(wait)
        .positive();
    pub.add_option("--payload-max", options.payload_bytes_max,
                   "The longest message in bytes; default 64 KiB, or the longest one given");
    pub.add_option("--depth", options.depth, "Messages the ring holds; default: by their size");
    const option no_block = pub.add_flag("--no-block", options.no_block,
                                         "Refuse subscribers that want us to wait for them");
    pub.add_option("--stall-budget", options.stall_budget_ms,
                   "Evict a subscriber that made us wait for so many milliseconds in all")
        .excludes(no_block)
        .positive();
    pub.add_option("--history", options.history,
                   "Keep so many messages for subscribers that join late and ask for them");
    pub.add_flag("--timestamps,!--no-timestamps", options.timestamps,
                 "Say when each message was published, so that latencies can be seen (default)");
}

void add_memory(command_line pub, pub_options& options) {
    pub.add_flag("--plan{text}", options.plan,
                 "Print the memory this would take, and when, and publish nothing;\n"
                 "--plan=json for scripts. Fails where it does not fit")
        .one_of({"text", "json"});
    pub.add_flag("--prefault", options.prefaulted, "Take the memory of a full ring at once");
    pub.add_flag("--lock", options.locked, "Likewise, and keep it out of swap (ulimit -l)");
    pub.add_flag("--huge-pages", options.huge_pages,
                 "Huge pages of 2 MiB, which the system must have reserved");
}

}  // namespace

void add_pub(command_line app, action& chosen) {
    auto options = std::make_shared<pub_options>();
    command_line pub = app.add_subcommand("pub", "Publish text, lines or a file on a topic");
    pub.add_option("TOPIC", options->topic, "Such as robot/log, or an address: tcp://*:7000")
        .required();
    add_what(pub, *options);
    add_how(pub, *options);
    add_memory(pub, *options);
    pub.footer(example);
    pub.callback([options, &chosen] {
        chosen = [options] {
            return options->plan.empty() ? talker{*options}.run() : print_plan(*options);
        };
    });
}

}  // namespace signet::command
