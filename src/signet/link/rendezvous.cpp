// SPDX-License-Identifier: Apache-2.0
#include <signet/link/rendezvous.hpp>

#include <signet/base/error.hpp>
#include <signet/base/topic_pattern.hpp>
#include <signet/life/rendezvous_directory.hpp>
#include <signet/link/rendezvous_names.hpp>
#include <signet/os/process.hpp>
#include <signet/os/random.hpp>
#include <signet/os/unix_listener.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace signet::link {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t swept_max = 64;  // sockets, and topics, that one newcomer looks at
constexpr int backlog = 4096;          // as many newcomers may knock at once

/// The topics, or patterns, that have a folder there.
std::vector<std::string> names_on(const os::directory& shelf) {
    std::vector<std::string> names;
    for (std::string& folder : shelf.list()) names.push_back(topic_of_folder(std::move(folder)));
    std::sort(names.begin(), names.end());
    return names;
}

/// What one newcomer cleans: all of a small directory, as many at random of a large one.
std::vector<std::string> share_of(std::vector<std::string> names) {
    if (names.size() <= swept_max) return names;
    std::rotate(names.begin(),
                names.begin() + static_cast<std::ptrdiff_t>(os::random_u64() % names.size()),
                names.end());
    names.resize(swept_max);
    return names;
}

/// Runs `action`; false where it failed because somebody removed what it works on.
template <class Action>
bool done_unless_removed(Action&& action) try {
    action();
    return true;
} catch (const error& e) {
    if (e.code() != std::errc::no_such_file_or_directory) throw;
    return false;
}

}  // namespace

rendezvous::rendezvous(const std::string& path)
    : path_{path},
      uid_{os::current_uid()},
      root_{life::open_rendezvous_directory(path)},
      sockets_{root_.open_or_create_below("sockets")},
      publishers_{root_.open_or_create_below("publishers")},
      subscribers_{root_.open_or_create_below("subscribers")},
      patterns_{root_.open_or_create_below("patterns")} {}

const os::directory& rendezvous::shelf_of(std::string_view topic, role side) const noexcept {
    if (side == role::publisher) return publishers_;
    return is_wild(topic) ? patterns_ : subscribers_;
}

os::seqpacket_listener rendezvous::listen(std::uint64_t context) const {
    // A name appears only when its socket listens: a connection in between would be refused, and
    // the name taken for dead. A sweeper may take the hidden name for a dead one and remove it;
    // then another try is due.
    const std::string name = socket_name(context);
    const std::string hidden = '.' + name;
    constexpr int tries = 100;
    for (int i = 0; i < tries; ++i) {
        std::optional<os::seqpacket_listener> listener;
        const bool named = done_unless_removed([&] {
            listener.emplace(sockets_, hidden, os::seqpacket_listener::private_mode, backlog);
            sockets_.rename(hidden, name);
        });
        if (named) return std::move(*listener);
    }
    throw error{errc::limit_reached, "listen in", path_, "its sockets keep being removed"};
}

void rendezvous::enter(std::string_view topic, const listing& self) const {
    // Somebody may remove the folder, empty, just before the name is put in; then it is made again.
    constexpr int tries = 100;
    for (int i = 0; i < tries; ++i) {
        const bool entered = done_unless_removed([&] {
            const os::directory folder =
                shelf_of(topic, self.side).open_or_create_below(folder_name(topic));
            sockets_.link(socket_name(self.context), folder, listing_name(self));
        });
        if (entered) return;
        require_still_there(topic, self);
    }
    throw error{errc::limit_reached, "join topic", topic,
                "its folder in '" + path_ + "' keeps being removed"};
}

void rendezvous::require_still_there(std::string_view topic, const listing& self) const {
    const auto missing = std::make_error_code(std::errc::no_such_file_or_directory);
    if (sockets_.facts().removed || shelf_of(topic, self.side).facts().removed) {
        throw error{missing, "join topic", topic,
                    "the rendezvous directory '" + path_ +
                        "' was removed while this process used it; nobody finds it here any more: "
                        "make a new context, and keep others from cleaning there"};
    }
    const std::vector<std::uint64_t> listening = contexts();
    if (!std::binary_search(listening.begin(), listening.end(), self.context)) {
        throw error{missing, "join topic", topic,
                    "the socket of this context was removed from '" + path_ +
                        "'; make a new context, and keep others from cleaning there"};
    }
}

void rendezvous::leave(std::string_view topic, const listing& self) const noexcept try {
    const os::directory& shelf = shelf_of(topic, self.side);
    if (auto folder = shelf.open_below(folder_name(topic))) folder->remove(listing_name(self));
    shelf.remove_empty_directory(folder_name(topic));
} catch (const error&) {
    // What is left behind is a dead name, which the next one who meets it removes.
}

void rendezvous::withdraw(std::uint64_t context) const noexcept try {
    sockets_.remove(socket_name(context));
} catch (const error&) {
    // As above.
}

std::vector<listing> rendezvous::list(std::string_view topic, role side) const {
    std::vector<listing> found;
    const auto folder = shelf_of(topic, side).open_below(folder_name(topic));
    if (!folder) return found;
    std::vector<std::string> names;
    done_unless_removed([&] { names = folder->list(); });  // with its last name, just now
    for (const std::string& name : names) {
        const auto entry = parse_listing_name(name);
        if (entry && entry->side == side) found.push_back(*entry);
    }
    return found;
}

std::vector<listing> rendezvous::list(std::string_view topic) const {
    std::vector<listing> all = list(topic, role::subscriber);
    if (is_wild(topic)) return all;
    const std::vector<listing> publishers = list(topic, role::publisher);
    all.insert(all.end(), publishers.begin(), publishers.end());
    return all;
}

std::vector<std::string> rendezvous::topics() const {
    std::vector<std::string> all;
    const auto published = names_on(publishers_);
    const auto subscribed = names_on(subscribers_);
    std::set_union(published.begin(), published.end(), subscribed.begin(), subscribed.end(),
                   std::back_inserter(all));
    return all;
}

std::vector<std::string> rendezvous::patterns() const {
    return names_on(patterns_);
}

std::vector<named_listing> rendezvous::counterparts(std::string_view topic, role own) const {
    std::vector<std::string> lists;
    if (!is_wild(topic)) lists.emplace_back(topic);
    if (own == role::publisher) {
        for (std::string& pattern : names_on(patterns_)) {
            if (topic_pattern::matches(pattern, topic)) lists.push_back(std::move(pattern));
        }
    } else if (is_wild(topic)) {
        for (std::string& name : names_on(publishers_)) {
            if (topic_pattern::matches(topic, name)) lists.push_back(std::move(name));
        }
    }
    std::vector<named_listing> found;
    for (const std::string& name : lists) {
        for (const listing& who : list(name, counterpart(own))) found.push_back({name, who});
    }
    return found;
}

std::optional<os::seqpacket_socket> rendezvous::connect(std::string_view topic, const listing& whom,
                                                        deadline until) const {
    const auto folder = shelf_of(topic, whom.side).open_below(folder_name(topic));
    if (!folder) return std::nullopt;
    auto socket = os::seqpacket_socket::connect(*folder, listing_name(whom), until);
    if (!socket) {
        leave(topic, whom);
        // Its context may live, and only have left this topic.
        if (dead(socket_name(whom.context))) withdraw(whom.context);
    }
    return socket;
}

std::vector<std::uint64_t> rendezvous::contexts() const {
    std::vector<std::uint64_t> found;
    for (const std::string& name : sockets_.list()) {
        if (const auto id = parse_socket_name(name)) found.push_back(*id);
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::optional<os::seqpacket_socket> rendezvous::connect(std::uint64_t context,
                                                        deadline until) const {
    auto socket = os::seqpacket_socket::connect(sockets_, socket_name(context), until);
    if (!socket) withdraw(context);
    return socket;
}

// Who takes nobody in just now is not.
bool rendezvous::dead(const std::string& socket) const try {
    return !os::seqpacket_socket::connect(sockets_, socket, after(100ms));
} catch (const error&) {
    return false;
}

void rendezvous::sweep_sockets() const {
    for (const std::string& name : share_of(sockets_.list())) {
        if (is_socket_name(name) && dead(name)) sockets_.remove(name);
    }
}

void rendezvous::sweep_shelf(const os::directory& shelf, role side,
                             std::vector<named_listing>& found) const {
    for (const std::string& name : share_of(names_on(shelf))) {
        const auto members = list(name, side);
        for (const listing& member : members) found.push_back({name, member});
        if (members.empty()) shelf.remove_empty_directory(folder_name(name));
    }
}

// A name is made after its context's socket and taken back before it: one that was there before the
// sockets were listed, and whose socket is not among them, belongs to a dead context.
void rendezvous::sweep_names() const {
    std::vector<named_listing> names;
    sweep_shelf(publishers_, role::publisher, names);
    sweep_shelf(subscribers_, role::subscriber, names);
    sweep_shelf(patterns_, role::subscriber, names);
    if (names.empty()) return;
    const std::vector<std::uint64_t> alive = contexts();
    for (const auto& [name, who] : names) {
        if (!std::binary_search(alive.begin(), alive.end(), who.context)) leave(name, who);
    }
}

void rendezvous::sweep() const noexcept try {
    sweep_sockets();
    sweep_names();
} catch (const error&) {
    // A share of the cleaning that was not done is done by the next newcomer.
}

}  // namespace signet::link
