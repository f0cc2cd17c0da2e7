// SPDX-License-Identifier: Apache-2.0
#include <tour/verdict.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tour {
namespace {

using faults = std::vector<std::string>;

void expect_none(faults& found, std::uint64_t count, std::string_view what) {
    if (count != 0) found.push_back(fmt::format("{} {}", count, what));
}

void check_messages(const outcome& o, faults& found) {
    expect_none(found, o.sums.torn, "messages were torn");
    expect_none(found, o.sums.repeated, "messages came twice or out of order");
    expect_none(found, o.sums.missing, "messages were missing where nothing may be lost");
    expect_none(found, o.sums.broken, "acknowledged messages of killed processes were lost");
    for (std::size_t i = 0; i < role_count; ++i) {
        if (o.messages[i] == 0) found.push_back(fmt::format("no messages at {}", role_names[i]));
    }
}

void check_deaths(const outcome& o, faults& found) {
    expect_none(found, o.sums.failures, "processes ended by themselves with an error");
    expect_none(found, o.sums.unnoticed, "deaths were noticed by nobody");
    const std::uint64_t killed = o.sums.kills_by_tour + o.sums.kills_by_others;
    if (!o.interrupted && o.sums.restarts < killed) {
        found.push_back(fmt::format("{} killed, but only {} restarted", killed, o.sums.restarts));
    }
    if (o.interrupted) return;
    for (std::size_t i = 0; i < role_count; ++i) {
        if (o.kills[i] >= o.kills_least) continue;
        found.push_back(fmt::format("{} was killed only {} times", role_names[i], o.kills[i]));
    }
    if (o.sums.promises == 0) found.emplace_back("no acknowledged messages could be compared");
}

void check_hashes(const outcome& o, faults& found) {
    expect_none(found, o.contradictions, "files had two hashes");
    expect_none(found, o.sha256sum.different, "files hash otherwise with sha256sum");
    if (o.interrupted) return;
    if (o.files_hashed < o.files_least) {
        found.push_back(fmt::format("{} files hashed, not {}", o.files_hashed, o.files_least));
    }
    if (o.sha256sum.equal == 0) found.emplace_back("sha256sum confirmed no file");
}

void check_leftovers(const outcome& o, faults& found) {
    expect_none(found, o.bytes_left, "bytes of shared memory were left behind");
    expect_none(found, o.names.topics, "topics were left behind in the directory");
    expect_none(found, o.names.sockets, "dead sockets were left behind in the directory");
}

std::string delays_text(const std::vector<std::int64_t>& sorted) {
    if (sorted.empty()) return "-";
    return fmt::format("{} median, {} worst", duration_text(median_of(sorted)),
                       duration_text(sorted.back()));
}

std::vector<std::int64_t> sorted(std::vector<std::int64_t> numbers) {
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

std::string opinion_text(const outcome& o) {
    std::string text =
        fmt::format("{} files ({} hashes, {}); sha256sum finds the same for {}", o.files_hashed,
                    o.hashes, bytes_text(o.bytes_hashed), o.sha256sum.equal);
    if (o.sha256sum.different != 0) {
        text += fmt::format(", another for {} ({})", o.sha256sum.different, o.sha256sum.example);
    }
    if (o.sha256sum.changed != 0) text += fmt::format(", {} changed since", o.sha256sum.changed);
    if (o.sha256sum.passed_over != 0) {
        text += fmt::format(", {} not asked about", o.sha256sum.passed_over);
    }
    return text;
}

line fact(std::string_view name, std::string text) {
    return {fmt::format("  {:<14} {}", name, text)};
}

nlohmann::ordered_json by_role(const std::array<std::uint64_t, role_count>& counts) {
    nlohmann::ordered_json object;
    for (std::size_t i = 0; i < role_count; ++i) object[std::string{role_names[i]}] = counts[i];
    return object;
}

double milliseconds_of(std::int64_t nanoseconds) {
    return static_cast<double>(nanoseconds) / 1e6;
}

nlohmann::ordered_json delays_json(const std::vector<std::int64_t>& sorted) {
    return {{"count", sorted.size()},
            {"median_ms", milliseconds_of(median_of(sorted))},
            {"max_ms", sorted.empty() ? 0.0 : milliseconds_of(sorted.back())}};
}

}  // namespace

std::vector<std::string> find_faults(const outcome& what) {
    faults found;
    check_messages(what, found);
    check_deaths(what, found);
    check_hashes(what, found);
    check_leftovers(what, found);
    return found;
}

std::vector<line> summarize(const outcome& what) {
    const totals& s = what.sums;
    std::vector<line> lines{
        {fmt::format("signet tour: {:.1f} s, {} processes, {} messages, {} received",
                     static_cast<double>(what.lasted.count()) / 1000, role_count + 1, s.messages,
                     bytes_text(s.bytes)),
         emphasis::title},
        fact("killed", fmt::format("{} by the tour, {} by you; {} restarted", s.kills_by_tour,
                                   s.kills_by_others, s.restarts)),
        fact("noticed", delays_text(what.notice_delays) + " after the kill"),
        fact("back at work", delays_text(sorted(what.return_delays)) + " after the kill"),
        fact("torn", fmt::format("{} messages", s.torn)),
        fact("lost", fmt::format("{} messages, compared with what publish() had returned for in {} "
                                 "processes that ended",
                                 s.missing + s.broken, s.promises)),
        fact("left behind", fmt::format("{} bytes of shared memory, {} topics, {} sockets",
                                        what.bytes_left, what.names.topics, what.names.sockets)),
        fact("hashes", opinion_text(what))};
    const auto wrong = find_faults(what);
    for (const std::string& fault : wrong) lines.push_back({"  WRONG: " + fault, emphasis::bad});
    if (wrong.empty()) lines.push_back({"  everything held", emphasis::good});
    return lines;
}

std::string to_json(const outcome& what) {
    const totals& s = what.sums;
    const auto wrong = find_faults(what);
    const nlohmann::ordered_json all{
        {"ok", wrong.empty()},
        {"faults", wrong},
        {"seconds", static_cast<double>(what.lasted.count()) / 1000},
        {"interrupted", what.interrupted},
        {"kills", {{"by_tour", s.kills_by_tour}, {"by_others", s.kills_by_others}}},
        {"kills_by_role", by_role(what.kills)},
        {"restarts", s.restarts},
        {"failures", s.failures},
        {"messages", s.messages},
        {"messages_by_role", by_role(what.messages)},
        {"bytes", s.bytes},
        {"torn", s.torn},
        {"lost", s.missing + s.broken},
        {"acknowledged_compared", s.promises},
        {"repeated", s.repeated},
        {"dropped_by_choice", s.dropped},
        {"unnoticed_deaths", s.unnoticed},
        {"death_noticed", delays_json(what.notice_delays)},
        {"back_at_work", delays_json(sorted(what.return_delays))},
        {"left_behind",
         {{"bytes", what.bytes_left},
          {"topics", what.names.topics},
          {"sockets", what.names.sockets}}},
        {"files",
         {{"distinct", what.files_hashed},
          {"hashes", what.hashes},
          {"bytes", what.bytes_hashed},
          {"sha256sum_equal", what.sha256sum.equal},
          {"sha256sum_different", what.sha256sum.different},
          {"changed", what.sha256sum.changed},
          {"not_asked_about", what.sha256sum.passed_over}}},
        {"limits",
         {{"cacheline_one_way_ns", what.limits.cacheline_ns},
          {"wake_one_way_ns", what.limits.wake_ns}}}};
    return all.dump();
}

}  // namespace tour
