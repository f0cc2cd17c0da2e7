// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/channel_name.hpp>

#include <signet/base/error.hpp>
#include <signet/base/name.hpp>
#include <signet/life/fork_ledger.hpp>
#include <signet/life/rendezvous_directory.hpp>
#include <signet/os/process.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace signet::transport::shm {
namespace {

/// A living listener takes a connection at once, unless many wait already.
constexpr std::chrono::seconds probe_limit{1};

/// The address of a socket holds no longer name (os::unix_address), and one letter is for the name
/// under which it is made.
constexpr std::size_t file_name_bytes_max = 80;
constexpr std::size_t hash_digits = 16;

// FNV-1a. Two names that have the same by accident are told apart by the hello.
std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 0xcbf2'9ce4'8422'2325;
    for (const char letter : text)
        hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100'0000'01b3;
    return hash;
}

std::string file_name(std::string name) {
    const std::uint64_t hash = hash_of(name);
    std::replace(name.begin(), name.end(), '/', ':');
    if (name.size() <= file_name_bytes_max) return name;
    std::array<char, hash_digits> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), hash, 16).ptr;
    name.resize(file_name_bytes_max - hash_digits - 1);
    return name + '~' + std::string{digits.begin(), end};  // no name has a '~'
}

std::string checked_name(const std::string& where) {
    return parse_address("shm://" + where).name;
}

os::directory open_place() {
    const os::directory root = life::open_rendezvous_directory(life::default_rendezvous_path());
    return root.open_or_create_below("channels");
}

}  // namespace

channel_name::channel_name(const std::string& where)
    : name_{checked_name(where)}, place_{open_place()}, file_{file_name(name_)} {}

os::seqpacket_socket channel_name::connect(deadline until) const {
    auto socket = life::connect_to_any<os::seqpacket_socket>(place_, file_, until);
    if (socket && is_own_user(*socket)) return std::move(*socket);
    if (socket) {
        throw error{errc::untrusted, "open channel", address(),
                    "another user listens there; channels in shared memory are of one user"};
    }
    throw error{std::make_error_code(std::errc::connection_refused), "open channel", address(),
                "nobody listens there; start the other end first"};
}

// The socket listens when it gets its name, so nobody who finds it is refused.
bound_channel::bound_channel(channel_name where)
    : where_{std::move(where)}, lock_{where_.place(), where_.file()} {
    require_dead();
    life::require_no_group(where_.place(), where_.file(), where_.address());
    const std::string fresh = '.' + where_.file();
    where_.place().remove(fresh);  // of one that was killed just here
    socket_.emplace(where_.place(), fresh);
    where_.place().rename(fresh, where_.file());
    life::close_in_forked_child(socket_->fd());
}

// The lock is ours, so who listens there still has lost it: its file was removed.
void bound_channel::require_dead() const {
    if (!os::seqpacket_socket::connect(where_.place(), where_.file(), after(probe_limit))) return;
    throw error{std::make_error_code(std::errc::address_in_use), "listen at", where_.address(),
                "a living process listens there"};
}

bound_channel::~bound_channel() {
    if (!here_.still()) {
        static_cast<void>(new std::optional{std::move(socket_)});  // closed when it was forked
        return;
    }
    try {
        life::keep_in_forked_child(socket_->fd());
        socket_.reset();
        where_.place().remove(where_.file());
    } catch (const error&) {
        // the name stays: whoever listens there next replaces it
    }
}

member_channel::member_channel(channel_name where) : where_{std::move(where)} {
    const auto listens = [this](const os::directory& folder, const std::string& name) {
        socket_.emplace(folder, name);
    };
    member_ = life::group_member::join(where_.place(), where_.file(), where_.address(), listens);
    where_.place().remove(where_.file());  // of one that had it alone, and was killed
    in_child_.emplace(socket_->fd());
}

member_channel::~member_channel() {
    if (here_.still()) {
        member_->withdraw();
    } else {
        static_cast<void>(new std::optional{std::move(socket_)});  // closed when it was forked
    }
}

bool is_own_user(const os::seqpacket_socket& peer) {
    return peer.credentials().uid == os::current_uid();
}

}  // namespace signet::transport::shm
