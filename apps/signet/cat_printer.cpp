// SPDX-License-Identifier: Apache-2.0
#include "cat_printer.hpp"
#include "json_value.hpp"
#include "terminal.hpp"

#include <signet/wire/json.hpp>
#include <signet/wire/utf8.hpp>

#include <fmt/core.h>

#include <cstdio>

namespace signet::command {
namespace {

json_value to_json(const peer_identity& peer) {
    json_value who = json_value::object();
    if (peer.user) {
        who["pid"] = peer.user->pid;
        who["uid"] = peer.user->uid;
        who["gid"] = peer.user->gid;
    }
    if (!peer.address.empty()) who["address"] = peer.address;
    if (!peer.certificate.empty()) who["certificate"] = peer.certificate;
    return who;
}

json_value to_json(const carried& one) {
    return {{"messages", one.messages}, {"bytes", one.bytes}};
}

void write_event(const json_value& event) {
    write_output(event.dump() + '\n');
    flush_output();
}

}  // namespace

cat_printer::cat_printer(cat_style how)
    : style_{how}, to_people_{how == cat_style::lines && on_terminal()} {}

void cat_printer::listening(std::string_view address) {
    if (style_ == cat_style::json) {
        write_event({{"event", "listening"}, {"address", address}});
    } else {
        fmt::print(stderr, "signet: listening at {}\n", address);
    }
}

void cat_printer::connected(std::string_view address, const peer_identity& peer) {
    if (style_ != cat_style::json) return;
    write_event({{"event", "connected"}, {"address", address}, {"peer", to_json(peer)}});
}

void cat_printer::ended(std::string_view how, const carried& sent, const carried& received) {
    if (style_ != cat_style::json) return;
    write_event({{"event", "ended"},
                 {"how", how},
                 {"sent", to_json(sent)},
                 {"received", to_json(received)}});
}

void cat_printer::message(std::span<const std::byte> bytes) {
    const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    if (style_ == cat_style::bytes) return write_output(text);
    line_.clear();
    if (style_ == cat_style::json) {
        line_ = fmt::format("{{\"event\":\"message\",\"bytes\":{},\"data\":", bytes.size());
        wire::append_json_text(line_, text);
        line_ += '}';
    } else {
        // what a stranger says is not to garble a terminal
        line_ = to_people_ ? wire::printable(text) : std::string{text};
    }
    line_ += '\n';
    write_output(line_);
}

}  // namespace signet::command
