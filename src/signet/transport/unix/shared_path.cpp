// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/unix/shared_path.hpp>

#include <signet/base/error.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace signet::transport::unix_socket {
namespace {

constexpr std::uint64_t a_guest = 0;
constexpr std::uint64_t an_end = 1;

const os::directory& place_of(const unix_name& where) {
    if (where.place()) return *where.place();
    throw error{errc::unsupported, "listen at", where.text(),
                "an abstract name has one listener; to share the work use unix:///path"};
}

[[noreturn]] void complain_of_use(const unix_name& where, std::string_view why) {
    throw error{std::make_error_code(std::errc::address_in_use), "listen at", where.text(), why};
}

}  // namespace

os::unix_stream_socket connect_to_any(const unix_name& where, deadline until) {
    std::optional<os::unix_stream_socket> socket;
    if (where.place()) {
        socket = life::connect_to_any<os::unix_stream_socket>(*where.place(), where.name(), until);
    }
    return socket ? std::move(*socket) : where.connect(until);
}

shared_listener::shared_listener(const unix_name& where) : where_{&where} {
    const auto listens = [this](const os::directory& folder, const std::string& name) {
        socket_.emplace(folder, name);
    };
    member_ = life::group_member::join(place_of(where), where.name(), where.text(), listens);
    set_.add(socket_->fd(), os::interest::readable, a_guest);
    if (!member_->watch_older()) require_free();
    if (!find_place()) complain_of_use(where, "something else than a socket has that name");
    in_child_.emplace(socket_->fd());
}

// For the oldest. One who left may have given the path to a younger one, or to us.
void shared_listener::require_free() const {
    const os::directory& place = *where_->place();
    if (!os::unix_stream_socket::connect(place, where_->name(), after(probe_limit))) return;
    const life::name_group& group = member_->group();
    const std::vector<std::string> all = group.members();
    const bool is_one_of_us = std::any_of(all.begin(), all.end(), [&](const std::string& member) {
        return place.is_same(where_->name(), group.folder(), member);
    });
    if (!is_one_of_us) {
        complain_of_use(*where_, "a process that does not share the name listens there");
    }
}

void shared_listener::tend() {
    std::array<os::ready, 2> storage;
    for (const os::ready& one : set_.wait(storage, deadline::min())) {
        if (one.tag == an_end) find_place();
    }
}

// False: the path should be ours and is something else. The end that was seen stays in the set
// until this has not thrown, so that it is tried again.
bool shared_listener::find_place() {
    auto next = member_->watch_older();
    if (next) set_.add(next->fd(), os::interest::hang_up, an_end);
    const bool right = next || take_path();
    older_ = std::move(next);
    return right;
}

// It is ours as long as one of us lives; only what is no socket is left alone.
bool shared_listener::take_path() const {
    const os::directory& place = *where_->place();
    const os::directory& folder = member_->group().folder();
    if (folder.link(member_->id(), place, where_->name())) return true;
    if (place.holds_socket(where_->name())) {
        member_->give_name(member_->id(), place, where_->name());
        return true;
    }
    return folder.link(member_->id(), place, where_->name());  // it may just have been removed
}

shared_listener::~shared_listener() {
    if (!here_.still()) {
        static_cast<void>(new std::optional{std::move(socket_)});  // closed when it was forked
        return;
    }
    try {
        leave();
    } catch (const error&) {
        // as after a death: the next one takes the path
    }
}

void shared_listener::leave() {
    const os::directory& place = *where_->place();
    const bool is_ours = place.is_same(where_->name(), member_->group().folder(), member_->id());
    const std::string heir = is_ours ? member_->youngest_other() : std::string{};
    if (!heir.empty()) {
        member_->give_name(heir, place, where_->name());
    } else if (is_ours) {
        place.remove(where_->name());
    }
    member_->withdraw();
}

}  // namespace signet::transport::unix_socket
