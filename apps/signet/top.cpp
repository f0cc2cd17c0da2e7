// SPDX-License-Identifier: Apache-2.0
// `signet top`: how it goes, again and again: rates, lags, losses, holds, latencies. It reads the
// counters where they are counted, so that nobody who is watched does anything for it.
#include "interruption.hpp"
#include "reading_json.hpp"
#include "subcommand.hpp"
#include "terminal.hpp"
#include "top_table.hpp"

#include <signet/life/rendezvous_directory.hpp>
#include <signet/observe/watch.hpp>
#include <signet/os/epoll.hpp>
#include <signet/os/signal.hpp>
#include <tour/screen.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <memory>

namespace signet::command {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds first_look = 250ms;  // a person should not wait for the first

struct top_options {
    std::string topic;
    double interval_s = 1;
    std::uint64_t count = 0;
    bool once = false;
    bool json = false;

    std::chrono::nanoseconds interval() const {
        return std::chrono::ceil<std::chrono::nanoseconds>(
            std::chrono::duration<double>{interval_s});
    }
    std::uint64_t pictures() const { return once ? 1 : count; }
};

class monitor {
public:
    explicit monitor(const top_options& options)
        : options_{options},
          which_{options.topic},
          everybody_{directory_},
          screen_{options.json || options.once ? mode::silent : mode::automatic} {
        both_.add(interrupted_.fd(), os::interest::readable, 0);
        both_.add(resized_.fd(), os::interest::readable, 1);
    }

    int run() {
        everybody_.refresh();
        before_ = everybody_.take();
        deadline next =
            after(screen_.live() ? std::min(first_look, options_.interval()) : options_.interval());
        while (!over() && wait_until(next)) {
            next = std::max(next, clock::now() - options_.interval()) + options_.interval();
            look();
            show();
            ++shown_;
        }
        return 0;
    }

private:
    using mode = tour::screen::mode;

    bool over() const {
        const bool enough = options_.pictures() != 0 && shown_ == options_.pictures();
        return enough || interrupted_.came() || screen_.gone();
    }

    /// False: interrupted.
    bool wait_until(deadline time) {
        std::array<os::ready, 2> storage;
        while (!interrupted_.came()) {
            const auto events = both_.wait(storage, time);
            if (events.empty()) return true;
            if (resized_.try_take() && shown_ != 0) show();
        }
        return false;
    }

    void look() {
        everybody_.refresh_if_due();
        observe::reading now = everybody_.take();
        add_rates(now, before_);
        before_ = now;
        chosen_ = chosen_and_sorted(std::move(now), which_);
    }

    void show() {
        if (options_.json) {
            write_output(to_json(chosen_, directory_).dump() + '\n');
            return flush_output();
        }
        const bool live = screen_.live();
        const auto lines =
            top_lines(chosen_, directory_, live ? screen_.columns() : ~std::size_t{0});
        if (live) return screen_.show(lines);
        if (shown_ != 0) write_output("\n");
        for (const tour::line& one : lines) write_output(one.text + '\n');
        flush_output();
    }

    const top_options& options_;
    topic_filter which_;
    os::signal_queue resized_{std::array{SIGWINCH}};  // first: blocked in every thread
    interruption interrupted_;
    os::epoll both_;
    std::string directory_ = life::default_rendezvous_path();
    observe::watch everybody_;
    observe::reading before_;
    observe::reading chosen_;
    tour::screen screen_;
    std::uint64_t shown_ = 0;
};

constexpr const char* example =
    R"(Each publisher, and under it what each subscriber reads from it; the busiest topic
first. LAG is what is published and not reported as read, LOST was overwritten
unread, HELD are samples read in place, of those allowed. P50, P99 and MAX are the
ages of messages when they were read, where their publisher tells the time of each
(publisher_options::timestamps). BYTES/S are those of the payloads. Rates are those
of the last interval. Who is watched does nothing for it. Ctrl-C ends it.

Examples:
  signet top
  signet top --once robot/pose
  signet top --json | jq '.subscriptions[] | select(.lost_per_s > 0)')";

}  // namespace

void add_top(command_line app, action& chosen) {
    auto options = std::make_shared<top_options>();
    command_line top = app.add_subcommand("top", "Watch rates, lags, losses and latencies");
    top.add_option("TOPIC,--topic", options->topic, "Only this one");
    top.add_option("--interval", options->interval_s, "Seconds between two looks (default 1)")
        .between(0.01, 1e6);
    const option count =
        top.add_option("--count", options->count, "End after so many looks").positive();
    top.add_flag("--once", options->once, "One table, of one interval").excludes(count);
    top.add_flag("--json", options->json, "One JSON object a look, on a line");
    top.footer(example);
    top.callback([options, &chosen] { chosen = [options] { return monitor{*options}.run(); }; });
}

}  // namespace signet::command
