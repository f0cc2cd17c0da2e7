// SPDX-License-Identifier: Apache-2.0
#include <signet/link/rendezvous.hpp>

#include <signet/base/error.hpp>
#include <signet/os/process.hpp>
#include <signet/os/random.hpp>
#include <signet/os/unix_listener.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

namespace signet::link {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t id_digits = 16;
constexpr std::size_t swept_max = 64;  // connections one newcomer makes to find dead sockets
constexpr unsigned others_mask = 0077;
constexpr int backlog = 4096;  // as many newcomers may knock at once

std::string digits(std::uint64_t id) {
    std::string text(id_digits, '0');
    std::array<char, id_digits> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), id, 16).ptr;
    std::copy_backward(buffer.data(), end, text.data() + text.size());
    return text;
}

std::optional<std::uint64_t> parse_id(std::string_view text) {
    std::uint64_t id = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), id, 16);
    const bool whole = text.size() == id_digits && end == text.data() + text.size();
    return whole && problem == std::errc{} ? std::optional{id} : std::nullopt;
}

/// A context's socket, or one that did not live to get its final name.
bool is_socket_name(std::string_view text) {
    return parse_id(text.substr(text.starts_with('.') ? 1 : 0)).has_value();
}

std::string file_name(const listing& who) {
    return std::string{static_cast<char>(who.side)} + '-' + digits(who.context) + '-' +
           digits(who.endpoint);
}

std::optional<listing> parse_file_name(std::string_view text) {
    constexpr std::size_t context_at = 2;
    constexpr std::size_t endpoint_at = context_at + id_digits + 1;
    if (text.size() != endpoint_at + id_digits || text[1] != '-') return std::nullopt;
    if (text[0] != 'p' && text[0] != 's') return std::nullopt;
    const auto context = parse_id(text.substr(context_at, id_digits));
    const auto endpoint = parse_id(text.substr(endpoint_at));
    if (!context || !endpoint || text[endpoint_at - 1] != '-') return std::nullopt;
    return listing{static_cast<role>(text[0]), *context, *endpoint};
}

std::string folder_name(std::string_view topic) {
    std::string name{topic};
    std::replace(name.begin(), name.end(), '/', ':');
    return name;
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

os::directory open_checked(const std::string& path) {
    os::directory root = os::directory::open_or_create(path);
    const os::directory_facts facts = root.facts();
    if (facts.owner_uid != os::current_uid()) {
        throw error{errc::untrusted, "use directory", path,
                    "it belongs to user " + std::to_string(facts.owner_uid) +
                        ", not to you; set SIGNET_DIR to a directory of your own"};
    }
    if ((facts.mode & others_mask) != 0) {
        throw error{errc::untrusted, "use directory", path,
                    "other users may enter it; make it private with chmod 700"};
    }
    return root;
}

}  // namespace

std::string rendezvous::default_path() {
    if (const char* chosen = std::getenv("SIGNET_DIR"); chosen != nullptr && *chosen != '\0') {
        return chosen;
    }
    return "/dev/shm/signet-" + std::to_string(os::current_uid());
}

rendezvous::rendezvous(const std::string& path)
    : path_{path},
      uid_{os::current_uid()},
      root_{open_checked(path)},
      sockets_{root_.open_or_create_below("sockets")},
      topics_{root_.open_or_create_below("topics")} {}

os::seqpacket_listener rendezvous::listen(std::uint64_t context) const {
    // A name appears only when its socket listens: a connection in between would be refused, and
    // the name taken for dead. A sweeper may take the hidden name for a dead one and remove it;
    // then another try is due.
    const std::string name = digits(context);
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
            const os::directory folder = topics_.open_or_create_below(folder_name(topic));
            sockets_.link(digits(self.context), folder, file_name(self));
        });
        if (entered) return;
    }
    throw error{errc::limit_reached, "join topic", topic,
                "its folder in '" + path_ + "' keeps being removed"};
}

void rendezvous::leave(std::string_view topic, const listing& self) const noexcept try {
    if (auto folder = topics_.open_below(folder_name(topic))) folder->remove(file_name(self));
    topics_.remove_empty_directory(folder_name(topic));
} catch (const error&) {
    // What is left behind is a dead name, which the next one who meets it removes.
}

void rendezvous::withdraw(std::uint64_t context) const noexcept try {
    sockets_.remove(digits(context));
} catch (const error&) {
    // As above.
}

std::vector<listing> rendezvous::list(std::string_view topic) const {
    std::vector<listing> found;
    const auto folder = topics_.open_below(folder_name(topic));
    if (!folder) return found;
    for (const std::string& name : folder->list()) {
        if (const auto entry = parse_file_name(name)) found.push_back(*entry);
    }
    return found;
}

std::vector<std::string> rendezvous::topics() const {
    std::vector<std::string> names = topics_.list();
    for (std::string& name : names) std::replace(name.begin(), name.end(), ':', '/');
    std::sort(names.begin(), names.end());
    return names;
}

std::optional<os::seqpacket_socket> rendezvous::connect(std::string_view topic, const listing& whom,
                                                        deadline until) const {
    const auto folder = topics_.open_below(folder_name(topic));
    if (!folder) return std::nullopt;
    auto socket = os::seqpacket_socket::connect(*folder, file_name(whom), until);
    if (!socket) {
        leave(topic, whom);
        withdraw(whom.context);
    }
    return socket;
}

std::vector<std::uint64_t> rendezvous::contexts() const {
    std::vector<std::uint64_t> found;
    for (const std::string& name : sockets_.list()) {
        if (const auto id = parse_id(name)) found.push_back(*id);
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::optional<os::seqpacket_socket> rendezvous::connect(std::uint64_t context,
                                                        deadline until) const {
    auto socket = os::seqpacket_socket::connect(sockets_, digits(context), until);
    if (!socket) withdraw(context);
    return socket;
}

bool rendezvous::dead(const std::string& socket) const {
    return !os::seqpacket_socket::connect(sockets_, socket, after(100ms));
}

void rendezvous::sweep() const noexcept try {
    std::vector<std::string> names = sockets_.list();
    const std::size_t count = std::min(names.size(), swept_max);
    const std::size_t first = names.size() > swept_max ? os::random_u64() % names.size() : 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string& name = names[(first + i) % names.size()];
        if (is_socket_name(name) && dead(name)) sockets_.remove(name);
    }
} catch (const error&) {
    // A share of the cleaning that was not done is done by the next newcomer.
}

}  // namespace signet::link
