// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/unix/unix_name.hpp>

#include <signet/base/error.hpp>
#include <signet/life/name_group.hpp>

namespace signet::transport::unix_socket {
namespace {

constexpr std::string_view example = "use unix:///run/x.sock, or unix://@name for an abstract name";

}  // namespace

unix_name::unix_name(const std::string& where, std::string_view scheme)
    : text_{std::string{scheme} + "://" + where} {
    if (where.starts_with('@') && where.size() > 1) {
        name_ = where.substr(1);
        return;
    }
    const std::size_t slash = where.rfind('/');
    if (!where.starts_with('/') || slash + 1 == where.size()) {
        throw error{errc::bad_name, "use address", text_, example};
    }
    place_ = os::directory::open(slash == 0 ? "/" : where.substr(0, slash));
    name_ = where.substr(slash + 1);
}

os::unix_stream_socket unix_name::connect(deadline until) const {
    auto socket = place_
                      ? os::unix_stream_socket::connect(*place_, name_, until)
                      : os::unix_stream_socket::connect(os::unix_address::abstract(name_), until);
    if (socket) return std::move(*socket);
    throw error{std::make_error_code(std::errc::connection_refused), "open channel", text_,
                "nobody listens there; start the other end first"};
}

bound_listener::bound_listener(const unix_name& where) : where_{&where} {
    if (!where.place()) {
        socket_.emplace(os::unix_address::abstract(where.name()));
        return;
    }
    lock_.emplace(*where.place(), where.name());
    life::require_no_group(*where.place(), where.name(), where.text());
    remove_stale();
    socket_.emplace(*where.place(), where.name());
}

// The lock is ours, so whoever bound it is dead, or knows nothing of locks.
void bound_listener::remove_stale() const {
    const os::directory& place = *where_->place();
    if (!place.holds_socket(where_->name())) return;  // binding tells what else is there
    if (os::unix_stream_socket::connect(place, where_->name(), after(probe_limit))) {
        throw error{std::make_error_code(std::errc::address_in_use), "listen at", where_->text(),
                    "a living process listens there"};
    }
    place.remove(where_->name());
}

bound_listener::~bound_listener() {
    if (!where_->place()) return;
    try {
        socket_.reset();
        where_->place()->remove(where_->name());
    } catch (const error&) {
        // the name stays: whoever listens there next removes it
    }
}

}  // namespace signet::transport::unix_socket
