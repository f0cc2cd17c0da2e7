// SPDX-License-Identifier: Apache-2.0
#include "storm.hpp"

#include "../actors/actor.hpp"
#include "../actors/self_checking.hpp"

#include <signet/testing/failures.hpp>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;
using testing::eventually;

const std::string name = "storm";
constexpr publisher_options short_ring{.depth = 8};
constexpr subscriber_options blocking{.policy = delivery::block};
constexpr std::size_t victims_per_role = 2;

/// A publisher and a subscriber of one topic that outlive everybody.
template <class Message>
class survivors {
public:
    explicit survivors(const std::string& topic)
        : in_{here_, topic, blocking}, out_{there_, topic, short_ring} {
        out_.wait_for_subscribers(1);
        reader_ = std::jthread{[this](std::stop_token stop) { read(stop); }};
        writer_ = std::jthread{[this](std::stop_token stop) { write(stop); }};
    }

    std::optional<topic_event> try_event() {
        if (auto event = in_.try_event()) return event;
        return out_.try_event();
    }

    std::uint64_t received() const noexcept { return received_.load(); }
    std::uint64_t published() const noexcept { return out_.published(); }

    void report_to(storm_report& report) {
        writer_ = {};
        reader_ = {};
        report.received += received();
        report.publishers_seen += sequence_.publishers();
        if (!fault_.empty()) report.faults.push_back(fault_);
    }

private:
    void read(const std::stop_token& stop) try {
        while (const auto got = in_.receive(stop)) {
            const auto fault = sequence_.fault_of(got);
            if (fault && fault_.empty()) fault_ = *fault;
            ++received_;
        }
    } catch (const std::exception& e) {
        fault_ = e.what();
    }

    void write(const std::stop_token& stop) {
        Message message;
        for (std::uint64_t i = 0; !stop.stop_requested(); ++i) {
            fill(message, static_cast<std::uint64_t>(getpid()), i);
            out_.publish(message, stop);
        }
    }

    context here_;
    context there_;
    subscriber<Message> in_;
    publisher<Message> out_;
    sequence_check sequence_;
    std::string fault_;
    std::atomic<std::uint64_t> received_{0};
    std::jthread reader_;
    std::jthread writer_;
};

class storm {
public:
    storm(int kills, std::uint64_t seed) : kills_{kills}, random_{seed} {
        for (std::size_t i = 0; i < 2 * victims_per_role; ++i) victims_.push_back(start(i));
    }

    storm_report run() {
        calm(true);
        for (int i = 0; i < kills_ && report_.faults.empty(); ++i) kill_one();
        calm(false);
        victims_.clear();
        small_.report_to(report_);
        large_.report_to(report_);
        sort_latencies();
        return report_;
    }

private:
    static os::child start(std::size_t i) {
        return start_actor({i < victims_per_role ? "publish" : "check", name});
    }

    std::size_t any(std::size_t count) {
        return std::uniform_int_distribution<std::size_t>{0, count - 1}(random_);
    }

    void expect(bool holds, const std::string& otherwise) {
        if (!holds) report_.faults.push_back(otherwise);
    }

    void take_events() {
        for (auto event = next_event(); event; event = next_event()) {
            if (event->what == topic_event::kind::joined) ++joined_[event->pid];
            if (event->what == topic_event::kind::refused) expect(false, event->reason);
            if (event->what != topic_event::kind::died) continue;
            if (--joined_[event->pid] == 0) joined_.erase(event->pid);
            if (event->pid == killed_) noticed_ = event->noticed;
        }
    }

    std::optional<topic_event> next_event() {
        if (auto event = small_.try_event()) return event;
        return large_.try_event();
    }

    bool joined(int pid) {
        take_events();
        const auto known = joined_.find(pid);
        return known != joined_.end() && known->second == 2;  // on both topics
    }

    void kill_one() {
        const std::size_t chosen = any(victims_.size());
        os::child& victim = victims_[chosen];
        const int pid = victim.pid();
        if (any(2) == 0) expect(eventually([&] { return joined(pid); }), "it does not join");
        std::this_thread::sleep_for(std::chrono::microseconds{any(3000)});
        const bool was_joined = joined(pid);
        const std::uint64_t before = progress();
        const auto begin = clock::now();
        killed_ = pid;
        noticed_ = {};
        victim.handle().send_signal(SIGKILL);
        const auto status = victim.handle().wait(after(testing::watchdog));
        expect(status && status->signalled, "an actor ended by itself: " + status->text());
        if (was_joined) await_notice(begin);
        expect(eventually([&] { return progress() > before; }), "the survivors do not get on");
        victim = start(chosen);
        ++report_.kills;
    }

    void await_notice(clock::time_point begin) {
        ++report_.kills_of_joined;
        const bool told = eventually([&] {
            take_events();
            return noticed_ != clock::time_point{};
        });
        expect(told, "its death is not told");
        latencies_.push_back(std::chrono::duration<double, std::micro>(noticed_ - begin).count());
    }

    std::uint64_t progress() const { return std::min(small_.received(), large_.received()); }

    /// Waits until everybody alive has joined and everybody dead is forgotten, then takes stock.
    void calm(bool before) {
        expect(eventually([&] {
                   take_events();
                   return joined_.size() == victims_.size() + 1 &&
                          std::all_of(victims_.begin(), victims_.end(),
                                      [&](const os::child& one) { return joined(one.pid()); });
               }),
               "those who live have not all joined, or the dead are not forgotten");
        const int sign = before ? -1 : 1;
        report_.descriptors_growth += sign * testing::open_descriptors();
        report_.memory_growth_kb += sign * kilobytes_of("self", "RssAnon");
    }

    void sort_latencies() {
        if (latencies_.empty()) return;
        std::sort(latencies_.begin(), latencies_.end());
        report_.notice_median_us = latencies_[latencies_.size() / 2];
        report_.notice_max_us = latencies_.back();
    }

    int kills_;
    std::mt19937_64 random_;
    survivors<small_message> small_{name + "/small"};
    survivors<large_message> large_{name + "/large"};
    std::vector<os::child> victims_;
    std::map<int, int> joined_;  // how many of the survivors' endpoints each process has joined
    int killed_ = 0;
    clock::time_point noticed_;
    std::vector<double> latencies_;
    storm_report report_;
};

}  // namespace

std::string storm_report::summary() const {
    std::array<char, 400> text{};
    std::snprintf(text.data(), text.size(),
                  "%d kills (%d of processes that had joined), %llu messages checked from %zu "
                  "publishers, %zu faults; death noticed after %.0f us (median), %.0f us (worst); "
                  "descriptors %+d, memory %+ld kB",
                  kills, kills_of_joined, static_cast<unsigned long long>(received),
                  publishers_seen, faults.size(), notice_median_us, notice_max_us,
                  descriptors_growth, memory_growth_kb);
    return text.data();
}

storm_report run_storm(int kills, std::uint64_t seed) {
    return storm{kills, seed}.run();
}

}  // namespace signet::tests
