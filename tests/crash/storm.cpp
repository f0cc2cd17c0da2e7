// SPDX-License-Identifier: Apache-2.0
#include "storm.hpp"

#include "../actors/actor.hpp"
#include "fair_watchdog.hpp"
#include "storm_survivors.hpp"

#include <signet/testing/failures.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <thread>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;

const std::string name = "storm";
constexpr std::array<const char*, 5> roles{"publish", "publish", "check", "check", "follow"};
constexpr std::size_t latencies_max = 10'000;  // more would be memory that grows

class storm {
public:
    explicit storm(const storm_options& how) : how_{how}, random_{how.seed} {
        for (std::size_t i = 0; i < roles.size(); ++i) victims_.push_back(start(i));
        latencies_.assign(latencies_max, 0);
    }

    storm_report run() {
        calm();
        for (int i = 0; i < warm_up; ++i) act();
        calm();
        take_stock();
        const deadline end = after(how_.limit);
        for (int i = 0; goes_on(i, end); ++i) act();
        calm();
        compare_stock();
        victims_.clear();
        small_.report_to(report_);
        large_.report_to(report_);
        sort_latencies();
        return report_;
    }

private:
    static constexpr int warm_up = 20;

    bool goes_on(int done, deadline end) const {
        return report_.faults.empty() &&
               (how_.limit.count() != 0 ? clock::now() < end : done < how_.kills);
    }

    /// Mostly kills; now and then somebody is stopped for a while, or comes and goes in good order.
    void act() {
        switch (any(12)) {
            case 0: return stop_one();
            case 1: return host({"hear", name + "/small", "20"});
            case 2: return host({"pass", name + "/small", "20"});
            default: return kill_one();
        }
    }

    /// Waits until `holds` says yes. False: the watchdog barked.
    template <class Condition>
    bool in_time(Condition&& holds) {
        std::vector<int> all{getpid()};
        for (const os::child& one : victims_) all.push_back(one.pid());
        if (guest_ != 0) all.push_back(guest_);
        fair_watchdog dog{std::move(all)};
        bool held = holds();
        for (; !held && !dog.barks(); held = holds()) std::this_thread::sleep_for(50us);
        report_.held_up += dog.held_up();
        return held;
    }

    /// How it ended, by itself or not; none: the watchdog barked.
    std::optional<os::exit_status> end_of(os::child& one) {
        std::optional<os::exit_status> status;
        in_time([&] { return (status = one.handle().wait(clock::now())).has_value(); });
        return status;
    }

    static os::child start(std::size_t i) { return start_actor({roles.at(i), name}); }

    std::size_t any(std::size_t count) {
        return std::uniform_int_distribution<std::size_t>{0, count - 1}(random_);
    }

    void expect(bool holds, const std::string& otherwise) {
        if (holds) return;
        report_.faults.push_back(otherwise);
        if (how_.stops_at_fault) stop_here(otherwise);
    }

    /// Everybody goes on but this process, so that a debugger finds what led to it.
    void stop_here(const std::string& fault) {
        std::fprintf(stderr, "%s: process %d stops here; its actors:\n", fault.c_str(), getpid());
        for (std::size_t i = 0; i < victims_.size(); ++i) {
            const auto known = joined_.find(victims_[i].pid());
            std::fprintf(stderr, "  %s, process %d, joined %d of 2\n", roles.at(i),
                         victims_[i].pid(), known == joined_.end() ? 0 : known->second);
        }
        raise(SIGSTOP);
    }

    void take_events() {
        for (auto event = next_event(); event; event = next_event()) {
            if (event->what == topic_event::kind::joined) ++joined_[event->pid];
            if (event->what == topic_event::kind::refused) expect(false, event->reason);
            const bool died = event->what == topic_event::kind::died;
            if (!died && event->what != topic_event::kind::left) continue;
            if (--joined_[event->pid] == 0) joined_.erase(event->pid);
            expect(!died || !lives(event->pid), "one that lives was told dead");
            if (event->pid == killed_) noticed_ = event->noticed;
        }
    }

    bool lives(int pid) const {
        return pid != killed_ && std::any_of(victims_.begin(), victims_.end(),
                                             [&](const auto& one) { return one.pid() == pid; });
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
        if (any(2) == 0) expect(in_time([&] { return joined(pid); }), "it does not join");
        std::this_thread::sleep_for(std::chrono::microseconds{any(3000)});
        const bool was_joined = joined(pid);
        const std::uint64_t before = progress();
        const auto begin = clock::now();
        killed_ = pid;
        noticed_ = {};
        victim.handle().send_signal(SIGKILL);
        const auto status = end_of(victim);
        expect(status && status->signalled,
               "a killed one: " + (status ? status->text() : std::string{"has not ended"}));
        if (was_joined) await_notice(begin);
        expect(in_time([&] { return progress() > before; }), "the survivors do not get on");
        victim = start(chosen);
        ++report_.kills;
    }

    /// Who is stopped is alive, whatever it does not do. It holds back whom it may: those who wait
    /// for it wait, so nothing is asked of them but to get on afterwards.
    void stop_one() {
        const std::size_t chosen = any(victims_.size());
        os::child& victim = victims_[chosen];
        expect(in_time([&] { return joined(victim.pid()); }), "it does not join");
        victim.handle().send_signal(SIGSTOP);
        const std::uint64_t before = progress();
        const bool holds_back = roles.at(chosen) == std::string_view{"check"};
        if (!holds_back) {
            expect(in_time([&] { return progress() > before + 100; }), "stopped by a stopped one");
        }
        expect(joined(victim.pid()), "a stopped one was given up");
        victim.handle().send_signal(SIGCONT);
        const std::uint64_t after = progress();
        expect(in_time([&] { return progress() > after + 100; }), "they do not get on");
        ++report_.stops;
    }

    /// Somebody comes, does its part and leaves in good order.
    void host(const std::vector<std::string>& role) {
        os::child guest = start_actor(role);
        guest_ = guest.pid();
        const auto status = end_of(guest);
        expect(status && !status->signalled && status->value == 0,
               "a guest failed to " + role.front());
        expect(in_time([&] { return take_events(), !joined_.contains(guest.pid()); }),
               "a guest that left is still there");
        guest_ = 0;
        ++report_.guests;
    }

    void await_notice(clock::time_point begin) {
        ++report_.kills_of_joined;
        const bool told = in_time([&] {
            take_events();
            return noticed_ != clock::time_point{};
        });
        expect(told, "its death is not told");
        latencies_.at(static_cast<std::size_t>(report_.kills_of_joined) % latencies_max) =
            std::chrono::duration<double, std::micro>(noticed_ - begin).count();
    }

    std::uint64_t progress() const { return std::min(small_.received(), large_.received()); }

    /// Waits until everybody alive has joined and everybody dead is forgotten.
    void calm() {
        expect(in_time([&] {
                   take_events();
                   return joined_.size() == victims_.size() + 1 &&
                          std::all_of(victims_.begin(), victims_.end(),
                                      [&](const os::child& one) { return joined(one.pid()); });
               }),
               "those who live have not all joined, or the dead are not forgotten");
    }

    /// What came with the frame that told of the last joining is closed only when that frame has
    /// been dealt with.
    void take_stock() {
        small_.settle();
        large_.settle();
        descriptors_ = testing::open_descriptors();
        memory_kb_ = kilobytes_of("self", "RssAnon");
        shared_kb_ = kilobytes_of("self", "RssShmem");
    }

    void compare_stock() {
        in_time([&] { return testing::open_descriptors() == descriptors_; });
        report_.descriptors_growth = testing::open_descriptors() - descriptors_;
        report_.memory_growth_kb = kilobytes_of("self", "RssAnon") - memory_kb_;
        report_.shared_growth_kb = kilobytes_of("self", "RssShmem") - shared_kb_;
    }

    void sort_latencies() {
        const auto count = static_cast<std::size_t>(report_.kills_of_joined);
        if (count == 0) return;
        if (count < latencies_max) latencies_.erase(latencies_.begin());  // counted from 1
        latencies_.resize(std::min(count, latencies_max));
        std::sort(latencies_.begin(), latencies_.end());
        report_.notice_median_us = latencies_[latencies_.size() / 2];
        report_.notice_max_us = latencies_.back();
    }

    storm_options how_;
    std::mt19937_64 random_;
    storm_survivors<small_message> small_{name + "/small"};
    storm_survivors<large_message> large_{name + "/large"};
    std::vector<os::child> victims_;
    std::map<int, int> joined_;  // how many of the survivors' endpoints each process has joined
    int killed_ = 0;
    int guest_ = 0;  ///< while there is one
    clock::time_point noticed_;
    std::vector<double> latencies_;
    int descriptors_ = 0;
    long memory_kb_ = 0;
    long shared_kb_ = 0;
    storm_report report_;
};

}  // namespace

std::string storm_report::summary() const {
    std::array<char, 500> text{};
    std::snprintf(
        text.data(), text.size(),
        "%d kills (%d of processes that had joined), %d stops, %d guests, %llu messages "
        "checked from %zu publishers, %zu faults; death noticed after %.0f us (median), "
        "%.0f us (worst); descriptors %+d, memory %+ld kB, shared %+ld kB, names left %td; "
        "%lld s in which the system gave a thread no processor were not counted",
        kills, kills_of_joined, stops, guests, static_cast<unsigned long long>(received),
        publishers_seen, faults.size(), notice_median_us, notice_max_us, descriptors_growth,
        memory_growth_kb, shared_growth_kb, names_left, static_cast<long long>(held_up.count()));
    return text.data();
}

storm_report run_storm(const storm_options& how) {
    storm_report report = storm{how}.run();
    const context sweeper{};
    constexpr std::ptrdiff_t own_names = 5;  // four folders, and the sweeper's socket
    const std::filesystem::recursive_directory_iterator names{sweeper.directory()};
    report.names_left = std::distance(names, {}) - own_names;
    constexpr long memory_growth_max_kb = 8 * 1024;
    if (report.descriptors_growth != 0) report.faults.emplace_back("descriptors are not as before");
    if (report.memory_growth_kb > memory_growth_max_kb) report.faults.emplace_back("memory grows");
    if (report.names_left != 0) report.faults.emplace_back("names are left in the directory");
    return report;
}

}  // namespace signet::tests
