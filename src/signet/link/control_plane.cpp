// SPDX-License-Identifier: Apache-2.0
#include <signet/link/control_plane.hpp>

#include <signet/base/error.hpp>
#include <signet/life/waiting.hpp>
#include <signet/link/fork_ledger.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/os/membarrier.hpp>
#include <signet/os/random.hpp>
#include <signet/os/signal.hpp>

#include <algorithm>
#include <array>

namespace signet::link {
namespace {

// What the epoll calls its members: these two, and two numbers for each peer.
constexpr std::uint64_t wake_tag = 0;
constexpr std::uint64_t listener_tag = 1;
constexpr std::uint64_t first_peer_tag = 2;
constexpr std::uint64_t process_bit = 1;  // of a peer's tag: its process, not its socket

// Fewer newcomers than events in one turn: those who leave are let out faster than others come in.
constexpr std::size_t events_per_turn = 64;
constexpr int accepted_per_turn = 16;

// How long newcomers wait when there is not even a descriptor to turn them away with.
constexpr std::chrono::milliseconds rest{50};

bool out_of_descriptors(const error& e) {
    return e.code() == std::errc::too_many_files_open ||
           e.code() == std::errc::too_many_files_open_in_system;
}

/// Swept before the own socket is there, which need not be asked whether it is alive.
rendezvous swept(const std::string& path) {
    rendezvous place{path};
    place.sweep();
    return place;
}

plane_options completed(plane_options options) {
    if (options.directory.empty()) options.directory = rendezvous::default_path();
    return options;
}

}  // namespace

std::uint64_t make_id() {
    return os::random_u64();
}

std::shared_ptr<control_plane> control_plane::shared() {
    static std::mutex guard;
    static std::shared_ptr<control_plane> instance;
    const std::lock_guard locked{guard};
    if (instance && instance->generation() != os::process_generation()) {
        // A forked child makes its own. The parent's is left as it is: its thread is not here.
        new std::shared_ptr<control_plane>{std::move(instance)};
        instance.reset();
    }
    if (!instance) instance = std::make_shared<control_plane>(plane_options{});
    return instance;
}

control_plane::control_plane(plane_options options)
    : options_{completed(std::move(options))},
      directory_{swept(options_.directory)},
      id_{make_id()},
      generation_{os::process_generation()},
      listener_{directory_.listen(id_)},
      reserve_{wake_.handle().duplicate()},
      next_tag_{first_peer_tag} {
    os::register_for_membarrier();
    close_in_forked_child(listener_.fd());
    epoll_.add(wake_.fd(), os::interest::readable, wake_tag);
    epoll_.add(listener_.fd(), os::interest::readable, listener_tag);
    if (manual()) return;
    const os::blocked_signals none_for_the_thread;
    thread_ = std::thread{&control_plane::run, this};
}

control_plane::~control_plane() {
    if (generation_ != os::process_generation()) {
        if (thread_.joinable()) thread_.detach();  // it runs in the parent, not here
        return;
    }
    {
        const auto locked = lock();
        ending_ = true;
        wake_.signal();
    }
    if (thread_.joinable()) thread_.join();
    directory_.withdraw(id_);
    while (accept_one()) {  // those that knocked meanwhile are told too
    }
    const auto goodbye = wire::frame_writer{kind::goodbye}.take();
    for (const auto& [tag, who] : peers_) {
        who->send(goodbye);
        keep_in_forked_child(who->socket_fd());
    }
    keep_in_forked_child(listener_.fd());
}

void control_plane::check_process() const {
    if (generation_ == os::process_generation()) return;
    throw error{errc::forked,
                "use an endpoint",
                {},
                "it was made before fork() in the parent; make a new one in this process"};
}

void control_plane::add(participant& endpoint) {
    check_process();
    {
        const auto locked = lock();
        participants_.emplace(endpoint.self().endpoint, &endpoint);
        if (endpoint.due() != never) wake_.signal();  // who sleeps does so for longer than that
    }
    try {
        directory_.enter(endpoint.topic(), endpoint.self());
        const role wanted = counterpart(endpoint.self().side);
        for (const listing& entry : directory_.list(endpoint.topic())) {
            if (entry.side == wanted) meet(endpoint, entry);
        }
    } catch (...) {
        remove(endpoint);
        throw;
    }
}

void control_plane::remove(participant& endpoint) noexcept {
    if (generation_ != os::process_generation()) return;
    {
        const auto locked = lock();
        if (participants_.erase(endpoint.self().endpoint) != 0) endpoint.farewell();
    }
    directory_.leave(endpoint.topic(), endpoint.self());
}

void control_plane::meet(participant& endpoint, const listing& whom) {
    {
        const auto locked = lock();
        if (peer* known = find_peer(whom.context))
            return introduce(endpoint, *known, whom.endpoint);
    }
    auto socket = directory_.connect(endpoint.topic(), whom, after(options_.handshake_limit));
    if (!socket) return;
    const auto locked = lock();
    const auto uid = socket->credentials().uid;
    if (uid != directory_.uid()) {
        return endpoint.distrusted({0, uid, whom.context, {}},
                                   "it belongs to user " + std::to_string(uid));
    }
    // No deadline for its answer: it may be stopped, and the kernel tells if it dies.
    peer& reached = adopt(std::move(*socket), never);
    reached.identity.context = whom.context;
    greet(reached);
    introduce(endpoint, reached, whom.endpoint);
}

void control_plane::introduce(participant& endpoint, peer& to, std::uint64_t endpoint_there) {
    if (endpoint.self().side == role::subscriber) return endpoint.found(to, endpoint_there);
    send(to, wire::frame_writer{kind::announce}
                 .put(key::topic, endpoint.topic())
                 .put(key::side, std::string_view{"publisher"})
                 .put(key::from, endpoint.self().endpoint)
                 .take());
}

void control_plane::send(peer& to, std::span<const std::byte> frame,
                         std::span<const int> descriptors) {
    const bool waited = to.backlogged();
    to.send(frame, descriptors);
    if (to.backlogged() && !waited) {
        epoll_.modify(to.socket_fd(), os::interest::readable | os::interest::writable, to.tag);
    }
}

void control_plane::stop() {
    const auto locked = lock();
    stopped_.store(true, std::memory_order_release);  // SYNC stop
    for (const auto& [id, endpoint] : participants_) endpoint->wake();
}

void control_plane::run() {
    deadline backstop = after(life::backstop);
    for (;;) {
        wait_and_handle(backstop);
        const auto locked = lock();
        if (ending_) return;
        if (clock::now() < backstop) continue;
        for (const auto& [id, endpoint] : participants_) endpoint->wake();
        backstop = after(life::backstop);
    }
}

void control_plane::poll(deadline until) {
    check_process();
    wait_and_handle(until);
}

void control_plane::wait_and_handle(deadline until) {
    std::array<os::ready, events_per_turn> storage;
    deadline due;
    {
        const auto locked = lock();
        due = std::min(until, next_deadline());
    }
    const auto events = epoll_.wait(storage, due);
    const auto locked = lock();
    for (const os::ready& event : events) handle(event);
    drop_silent_newcomers();
    check_participants();
    accept_again();
}

void control_plane::check_participants() {
    for (const auto& [id, endpoint] : participants_) {
        if (endpoint->due() != never && endpoint->due() <= clock::now()) {
            endpoint->check(clock::now());
        }
    }
}

void control_plane::handle(const os::ready& event) {
    if (event.tag == wake_tag) {
        wake_.drain();
    } else if (event.tag == listener_tag) {
        accept_some();
    } else {
        const std::uint64_t tag = event.tag & ~process_bit;
        if (auto lost = lingering_.extract(tag)) return bury(std::move(lost.mapped()));
        const auto found = peers_.find(tag);
        if (found == peers_.end()) return;  // dropped earlier in this round
        if (event.writable) {
            found->second->flush();
            if (!found->second->backlogged()) {
                epoll_.modify(found->second->socket_fd(), os::interest::readable, tag);
            }
        }
        read_frames(tag);
    }
}

void control_plane::accept_some() {
    for (int i = 0; i < accepted_per_turn && accept_one(); ++i) {
    }
}

bool control_plane::accept_one() try {
    auto socket = listener_.try_accept();
    if (!socket) return false;
    if (const auto uid = socket->credentials().uid; uid != directory_.uid()) {
        decline_newcomer(std::move(*socket), "this context belongs to another user");
    } else {
        adopt(std::move(*socket), after(options_.handshake_limit));
    }
    return true;
} catch (const error& e) {
    if (!out_of_descriptors(e)) return false;
    turn_one_away(e.what());
    return static_cast<bool>(reserve_);
}

void control_plane::turn_one_away(const std::string& reason) {
    reserve_ = {};
    try {
        if (auto socket = listener_.try_accept()) decline_newcomer(std::move(*socket), reason);
        reserve_ = wake_.handle().duplicate();
    } catch (const error&) {
        // Another thread was faster. Newcomers wait until there may be descriptors again.
        epoll_.modify(listener_.fd(), os::interest::hang_up, listener_tag);
        accepting_again_ = after(rest);
    }
}

void control_plane::accept_again() {
    if (clock::now() < accepting_again_) return;
    accepting_again_ = never;
    epoll_.modify(listener_.fd(), os::interest::readable, listener_tag);
    accept_some();
}

void control_plane::decline_newcomer(os::seqpacket_socket socket, const std::string& reason) {
    const auto frame = wire::frame_writer{kind::refuse}
                           .put(key::code, static_cast<std::uint64_t>(errc::refused))
                           .put(key::reason, reason)
                           .take();
    socket.try_send(frame);
}

peer& control_plane::adopt(os::seqpacket_socket socket, deadline hello_by) {
    const std::uint64_t tag = next_tag_;
    next_tag_ += 2;
    auto owned = std::make_unique<peer>(std::move(socket), hello_by);
    owned->tag = tag;
    epoll_.add(owned->socket_fd(), os::interest::readable, tag);
    if (const auto fd = owned->process_fd()) {
        epoll_.add(*fd, os::interest::readable, tag | process_bit);
        close_in_forked_child(*fd);
    }
    close_in_forked_child(owned->socket_fd());
    return *peers_.emplace(tag, std::move(owned)).first->second;
}

peer* control_plane::find_peer(std::uint64_t context) {
    const auto found = std::find_if(peers_.begin(), peers_.end(), [&](const auto& entry) {
        return entry.second->identity.context == context;
    });
    return found == peers_.end() ? nullptr : found->second.get();
}

void control_plane::drop(std::uint64_t tag, const departure& how) {
    auto node = peers_.extract(tag);
    if (node.empty()) return;
    std::unique_ptr<peer> who = std::move(node.mapped());
    epoll_.remove(who->socket_fd());
    keep_in_forked_child(who->socket_fd());
    who->hang_up();
    if (!who->known()) return bury(std::move(who));  // no endpoint was told of it
    bool holds = false;
    for (const auto& [id, endpoint] : participants_) {
        if (endpoint->gone(*who, how)) holds = true;
    }
    if (!holds || how.orderly || !who->process_fd() || who->process_ended()) {
        bury(std::move(who));
    } else {
        // A process that lost its link may still read what it holds; only its pidfd proves its
        // death.
        lingering_.emplace(tag, std::move(who));
    }
}

void control_plane::bury(std::unique_ptr<peer> who) {
    if (const auto fd = who->process_fd()) {
        epoll_.remove(*fd);
        keep_in_forked_child(*fd);
    }
    for (const auto& [id, endpoint] : participants_) endpoint->dead(*who);
}

deadline control_plane::next_deadline() const {
    deadline next = accepting_again_;
    for (const auto& [tag, who] : peers_) {
        if (!who->introduced) next = std::min(next, who->hello_by);
    }
    for (const auto& [id, endpoint] : participants_) next = std::min(next, endpoint->due());
    return next;
}

void control_plane::drop_silent_newcomers() {
    const deadline now = clock::now();
    std::vector<peer*> silent;
    for (const auto& [tag, who] : peers_) {
        if (!who->introduced && who->hello_by <= now) silent.push_back(who.get());
    }
    for (peer* who : silent) {
        refuse_and_drop(*who, make_error_code(errc::refused),
                        "it did not introduce itself in time");
    }
}

}  // namespace signet::link
