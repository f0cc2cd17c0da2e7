// SPDX-License-Identifier: Apache-2.0
// A watchdog for tests of many processes that counts no second in which the system holds one of
// their threads up: one that wants to run and is given no processor, or is stuck in the kernel.
// Linux 6.18 was seen to leave runnable threads, one of its own (rcu_preempt) among them, without
// a processor for a minute while others took turns there; its log then says "rcu_preempt kthread
// starved". Belongs to one thread.
#pragma once

#include <signet/base/time.hpp>
#include <signet/testing/eventually.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace signet::tests {

class fair_watchdog {
public:
    /// Looks at the threads of these processes.
    explicit fair_watchdog(std::vector<int> processes) : processes_{std::move(processes)} {}

    /// Whether more seconds have passed than testing::watchdog has, those that count; or ten times
    /// as many of the others.
    bool barks() {
        const auto now = clock::now();
        if (now < next_look_) return false;
        const std::map<std::string, standing> before = std::exchange(threads_, look());
        next_look_ = after(std::chrono::seconds{1}, now);
        if (before.empty()) return false;
        ++(is_held_up(before) ? held_up_ : counted_);
        return counted_ >= testing::watchdog || held_up_ >= 10 * testing::watchdog;
    }

    std::chrono::seconds held_up() const noexcept { return held_up_; }

private:
    /// What the kernel says of a thread.
    struct standing {
        char state = '?';
        std::uint64_t ran_ns = 0;  ///< 0: it does not say that
    };

    static bool wants_to_run(char state) { return state == 'R' || state == 'D'; }

    static standing standing_of(const std::filesystem::path& thread) {
        standing found;
        std::ifstream{thread / "schedstat"} >> found.ran_ns;
        std::string line;
        std::getline(std::ifstream{thread / "stat"}, line);
        const std::size_t name_end = line.rfind(") ");
        if (name_end != std::string::npos && name_end + 2 < line.size())
            found.state = line[name_end + 2];
        return found;
    }

    std::map<std::string, standing> look() const {
        std::map<std::string, standing> all;
        for (const int process : processes_) {
            std::error_code gone;
            const std::string threads = "/proc/" + std::to_string(process) + "/task";
            std::filesystem::directory_iterator one{threads, gone};
            for (; !gone && one != std::filesystem::directory_iterator{}; one.increment(gone)) {
                all.emplace(one->path().string(), standing_of(one->path()));
            }
        }
        return all;
    }

    bool is_held_up(const std::map<std::string, standing>& before) const {
        for (const auto& [thread, now] : threads_) {
            const auto then = before.find(thread);
            if (then == before.end() || now.ran_ns != then->second.ran_ns) continue;
            if (now.ran_ns == 0) continue;
            if (wants_to_run(now.state) && wants_to_run(then->second.state)) return true;
        }
        return false;
    }

    std::vector<int> processes_;
    std::map<std::string, standing> threads_;
    deadline next_look_ = after(std::chrono::seconds{1});
    std::chrono::seconds counted_{0};
    std::chrono::seconds held_up_{0};
};

}  // namespace signet::tests
