// SPDX-License-Identifier: Apache-2.0
#include "events.hpp"

#include <fmt/core.h>

#include <cstdio>

namespace signet::command {
namespace {

const char* verb_of(transport::topic_event::kind what) {
    switch (what) {
        case transport::topic_event::kind::joined: return "joined";
        case transport::topic_event::kind::left: return "left";
        case transport::topic_event::kind::died: return "died";
        case transport::topic_event::kind::evicted: return "evicted";
        case transport::topic_event::kind::late: return "late";
        case transport::topic_event::kind::refused: break;
    }
    return "refused";
}

}  // namespace

void report_event(const std::string& topic, const char* whose,
                  const transport::topic_event& event) {
    const std::string unknown = event.command.empty() ? "?" : event.command;
    const std::string who =
        event.pid == 0 ? unknown : fmt::format("{} ({})", event.pid, event.command);
    const bool told = event.reason.empty() || event.reason == verb_of(event.what);
    fmt::print(stderr, "signet: {}: {} {} {}{}{}\n", topic, whose, who, verb_of(event.what),
               told ? "" : ": ", told ? "" : event.reason);
}

}  // namespace signet::command
