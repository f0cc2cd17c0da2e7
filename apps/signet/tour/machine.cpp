// SPDX-License-Identifier: Apache-2.0
#include <tour/machine.hpp>

#include <unistd.h>

#include <algorithm>

namespace tour {
namespace {

constexpr std::uint64_t looks_per_list = 500;  // a listing of /proc is a millisecond's work
constexpr std::uint64_t looks_per_whole = 20;

std::uint64_t per_second(std::uint64_t amount, std::chrono::nanoseconds time) {
    const double seconds = std::chrono::duration<double>{time}.count();
    return seconds <= 0 ? 0 : static_cast<std::uint64_t>(static_cast<double>(amount) / seconds);
}

}  // namespace

machine::machine(int conductor)
    : conductor_{conductor},
      ticks_per_s_{static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_CLK_TCK)))} {}

telemetry machine::look() {
    if (looks_ % looks_per_list == 0) refresh_processes();
    if (looks_ % looks_per_whole == 0) refresh_whole();
    ++looks_;
    telemetry found{};
    found.load_milli = load_milli_;
    found.memory_total_kib = memory_.total_kib;
    found.memory_available_kib = memory_.available_kib;
    found.memory_shared_kib = memory_.shared_kib;
    found.processes = static_cast<std::uint32_t>(all_.size());
    look_at(next_pid(), found);
    return found;
}

void machine::refresh_whole() {
    if (const auto text = read_proc("/proc/loadavg")) load_milli_ = parse_load_milli(*text);
    if (const auto text = read_proc("/proc/meminfo")) memory_ = parse_meminfo(*text);
}

void machine::refresh_processes() {
    all_ = list_processes();
    std::erase_if(before_, [&](const auto& entry) {
        return !std::binary_search(all_.begin(), all_.end(), entry.first);
    });
    std::erase_if(own_, [&](int pid) { return !before_.contains(pid); });
}

int machine::next_pid() {
    if (looks_ % 2 == 0 && !own_.empty()) return own_[own_turn_++ % own_.size()];
    return all_.empty() ? 0 : all_[all_turn_++ % all_.size()];
}

void machine::look_at(int pid, telemetry& into) {
    const auto stat = read_proc(proc_path(pid, "stat"));
    if (!stat) return;
    const process_stat process = parse_stat(*stat);
    const bool own = process.parent == conductor_ || pid == conductor_;
    if (own && std::find(own_.begin(), own_.end(), pid) == own_.end()) own_.push_back(pid);
    const auto io = read_proc(proc_path(pid, "io"));
    into.pid = pid;
    put_text(into.command, process.command);
    fill_rates(pid, {signet::clock::now(), process.cpu_ticks, io ? parse_io(*io) : process_io{}},
               into);
}

// A tick is 10 ms, so a shorter look back says nothing about the use of a cpu.
void machine::fill_rates(int pid, const usage& now, telemetry& into) {
    constexpr std::chrono::milliseconds shortest{200};
    const auto [known, first] = before_.try_emplace(pid, now);
    usage& before = known->second;
    const auto time = now.when - before.when;
    if (first || time < shortest) {
        into.pid = 0;  // nothing to tell yet
        return;
    }
    into.cpu_permille = per_second((now.cpu_ticks - before.cpu_ticks) * 1000 / ticks_per_s_, time);
    into.read_bytes_per_s = per_second(now.io.read_bytes - before.io.read_bytes, time);
    into.written_bytes_per_s = per_second(now.io.written_bytes - before.io.written_bytes, time);
    before = now;
}

}  // namespace tour
