// SPDX-License-Identifier: Apache-2.0
#include <tour/picture.hpp>

#include <fmt/format.h>

#include <array>

namespace tour {
namespace {

constexpr std::string_view row_format =
    " {:<8} {:>7} {:<8} {:>6} {:>5} {:>6} {:>6} {:>6} {:>5} {:>6} {:>6}";

/// A number with at most four characters and a unit, for columns: "12.3µs".
std::string scaled(double value, std::span<const char* const> units, double step) {
    std::size_t unit = 0;
    while (value >= 999.5 && unit + 1 < units.size()) {
        value /= step;
        ++unit;
    }
    const bool whole = unit == 0 || value >= 99.95;
    return whole ? fmt::format("{:.0f}{}", value, units[unit])
                 : fmt::format("{:.1f}{}", value, units[unit]);
}

std::string short_time(std::int64_t nanoseconds) {
    static constexpr std::array units{"ns", "µs", "ms", "s"};
    return nanoseconds == 0 ? "-" : scaled(static_cast<double>(nanoseconds), units, 1000);
}

std::string short_count(double count) {
    static constexpr std::array units{"", "k", "M", "G"};
    return scaled(count, units, 1000);
}

std::string short_bytes(std::uint64_t bytes) {
    static constexpr std::array units{"B", "K", "M", "G"};
    return bytes == 0 ? "-" : scaled(static_cast<double>(bytes), units, 1024);
}

std::string megabytes(double bytes) {
    const double millions = bytes / 1e6;
    return fmt::format("{:.{}f}", millions, millions < 99.95 ? 1 : 0);
}

std::string clock_text(std::chrono::milliseconds time) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
    return fmt::format("{:02}:{:02}", seconds / 60, seconds % 60);
}

line draw_row(const row& one) {
    const role_stats& s = one.stats;
    return {fmt::format(row_format, name_of(one.role), one.pid, one.state,
                        short_count(one.messages_per_s), megabytes(one.bytes_per_s),
                        short_time(s.p50_ns), short_time(s.p99_ns), short_time(s.p999_ns),
                        short_count(static_cast<double>(s.dropped + s.missing)),
                        short_bytes(one.resident_bytes), short_bytes(one.shared_bytes)),
            one.state == "running" ? emphasis::none : emphasis::bad};
}

line draw_title(const scene& now) {
    const std::string end = now.length ? " of " + clock_text(*now.length) : "";
    const std::string what = now.closing.empty() ? "kill any of these yourself" : now.closing;
    return {fmt::format(" signet tour   {}{}   {}", clock_text(now.elapsed), end, what),
            emphasis::title};
}

line draw_limits(const scene& now) {
    return {fmt::format(" this machine at best: {} to a core that polls, {} to wake a sleeper",
                        duration_text(static_cast<std::int64_t>(now.limits.cacheline_ns)),
                        duration_text(static_cast<std::int64_t>(now.limits.wake_ns))),
            emphasis::faint};
}

line draw_machine(const scene& now) {
    if (!now.machine) return {" waiting for the sampler", emphasis::faint};
    const telemetry& m = *now.machine;
    constexpr double gib = 1024.0 * 1024.0;
    const auto used = static_cast<double>(m.memory_total_kib - m.memory_available_kib) / gib;
    return {fmt::format(" load {:.2f}, memory {:.1f} of {:.1f} GiB, busiest: {}",
                        static_cast<double>(m.load_milli) / 1000, used,
                        static_cast<double>(m.memory_total_kib) / gib, now.busiest),
            emphasis::faint};
}

line draw_deaths(const scene& now) {
    const totals& s = now.sums;
    return {fmt::format(" killed {} by the tour, {} by you; {} restarted", s.kills_by_tour,
                        s.kills_by_others, s.restarts)};
}

line draw_losses(const scene& now) {
    const totals& s = now.sums;
    const std::uint64_t lost = s.missing + s.broken;
    const bool fine = s.torn + lost + s.repeated == 0;
    return {fmt::format(" torn {}, acknowledged and lost {}, memory of the dead still mapped {}",
                        s.torn, lost, bytes_text(now.orphaned_bytes)),
            fine ? emphasis::good : emphasis::bad};
}

line draw_notices(const scene& now) {
    const auto& delays = now.notice_delays;
    if (delays.empty()) return {" deaths noticed: none yet"};
    return {fmt::format(" deaths noticed by the others after {} (median), {} (worst)",
                        duration_text(median_of(delays)), duration_text(delays.back()))};
}

line draw_hashes(const scene& now) {
    return {fmt::format(" files hashed {}, {}", now.files_hashed, bytes_text(now.bytes_hashed))};
}

}  // namespace

std::string duration_text(std::int64_t nanoseconds) {
    static constexpr std::array units{" ns", " µs", " ms", " s"};
    return scaled(static_cast<double>(nanoseconds), units, 1000);
}

std::string bytes_text(std::uint64_t bytes) {
    static constexpr std::array units{" B", " KiB", " MiB", " GiB"};
    return scaled(static_cast<double>(bytes), units, 1024);
}

std::vector<line> draw(const scene& now) {
    std::vector<line> lines{draw_title(now), draw_limits(now), {}};
    lines.push_back({fmt::format(row_format, "process", "pid", "state", "msgs/s", "MB/s", "p50",
                                 "p99", "p99.9", "lost", "memory", "shared"),
                     emphasis::title});
    for (const row& one : now.rows) lines.push_back(draw_row(one));
    if (now.rows.empty()) lines.push_back({" all have ended", emphasis::faint});
    lines.push_back({});
    if (!now.rows.empty()) lines.push_back(draw_machine(now));
    for (const auto part : {draw_deaths, draw_losses, draw_notices, draw_hashes}) {
        lines.push_back(part(now));
    }
    lines.push_back({});
    for (const std::string& event : now.events) lines.push_back({' ' + event, emphasis::faint});
    return lines;
}

}  // namespace tour
