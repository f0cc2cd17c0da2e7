// SPDX-License-Identifier: Apache-2.0
#include <signet/link/control_plane.hpp>

#include <signet/base/error.hpp>
#include <signet/life/fork_ledger.hpp>
#include <signet/life/rendezvous_directory.hpp>
#include <signet/life/waiting.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/os/limits.hpp>
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

/// Swept before the own socket is there, which need not be asked whether it is alive.
rendezvous swept(const std::string& path) {
    rendezvous place{path};
    place.sweep();
    return place;
}

bool has_changed(const os::futex_waiter& noticed) {
    const std::atomic_ref word{*const_cast<std::uint32_t*>(noticed.word)};
    return word.load(std::memory_order_acquire) != noticed.expected;  // SYNC notice
}

plane_options completed(plane_options options) {
    if (options.directory.empty()) options.directory = life::default_rendezvous_path();
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
    life::close_in_forked_child(listener_.fd());
    epoll_.add(wake_.fd(), os::interest::readable, wake_tag);
    epoll_.add(listener_.fd(), os::interest::readable, listener_tag);
    if (manual()) {
        turns_.emplace();
        return;
    }
    const os::blocked_signals none_for_the_thread;
    thread_ = std::thread{&control_plane::run, this};
}

control_plane::~control_plane() {
    if (generation_ != os::process_generation()) {
        if (thread_.joinable()) thread_.detach();  // it runs in the parent, not here
        static_cast<void>(roster_.release());      // it may have been changing it when we forked
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
    for (const auto& [tag, who] : roster_->peers()) {
        who->send(goodbye);
        life::keep_in_forked_child(who->socket_fd());
    }
    life::keep_in_forked_child(listener_.fd());
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
        roster_->add(endpoint);
        if (endpoint.due() != never) wake();  // to wait no longer than until then
    }
    try {
        directory_.enter(endpoint.topic(), endpoint.self());
        meet_counterparts(endpoint);
    } catch (...) {
        remove(endpoint);
        throw;
    }
}

void control_plane::remove(participant& endpoint) noexcept {
    if (generation_ != os::process_generation()) return;
    {
        const auto locked = lock();
        if (roster_->remove(endpoint)) endpoint.farewell();
    }
    directory_.leave(endpoint.topic(), endpoint.self());
}

std::uint64_t control_plane::watch_lifeline(int socket, lifeline& told) {
    check_process();
    const auto locked = lock();
    const std::uint64_t tag = next_tag_;
    next_tag_ += 2;
    lifelines_.add(epoll_, tag, socket, told);
    return tag;
}

void control_plane::forget_lifeline(std::uint64_t which) noexcept {
    if (generation_ != os::process_generation()) return;
    const auto locked = lock();
    lifelines_.remove(epoll_, which);
}

void control_plane::meet_counterparts(participant& endpoint) {
    // A context that is told of a publisher tells all of its subscribers.
    const bool once_each = endpoint.self().side == role::publisher;
    std::set<std::uint64_t> told;
    for (const auto& whom : directory_.counterparts(endpoint.topic(), endpoint.self().side)) {
        if (once_each && told.contains(whom.who.context)) continue;
        if (meet(endpoint, whom)) told.insert(whom.who.context);
    }
}

bool control_plane::meet(participant& endpoint, const named_listing& whom) {
    {
        const auto locked = lock();
        if (peer* known = roster_->by_context(whom.who.context)) {
            introduce(endpoint, *known, whom);
            return true;
        }
    }
    auto socket = directory_.connect(whom.name, whom.who, after(options_.handshake_limit));
    if (!socket) return false;
    const auto locked = lock();
    return approach(endpoint, std::move(*socket), whom);
}

bool control_plane::approach(participant& endpoint, os::seqpacket_socket socket,
                             const named_listing& whom) {
    const auto uid = socket.credentials().uid;
    if (uid != directory_.uid()) {
        endpoint.distrusted({0, uid, whom.who.context, {}},
                            "it belongs to user " + std::to_string(uid));
        return false;
    }
    // No deadline for its answer: it may be stopped, and the kernel tells if it dies.
    peer& reached = adopt(std::move(socket), never);
    roster_->identify(reached, whom.who.context);
    greet(reached);
    introduce(endpoint, reached, whom);
    return true;
}

void control_plane::introduce(participant& endpoint, peer& to, const named_listing& whom) {
    if (!to.introduced) to.note_unanswered({endpoint.self().endpoint, whom});
    if (endpoint.self().side == role::subscriber) {
        return endpoint.found(to, whom.name, whom.who.endpoint);
    }
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
    if (to.backlogged() && !waited) watch(to);
}

void control_plane::stop() {
    const auto locked = lock();
    stopped_.store(true, std::memory_order_release);  // SYNC stop
    for (const auto& [id, endpoint] : roster_->participants()) endpoint->wake();
}

void control_plane::run() {
    deadline backstop = after(life::backstop);
    for (;;) {
        wait_and_handle(backstop);
        const auto locked = lock();
        if (ending_) return;
        if (clock::now() < backstop) continue;
        for (const auto& [id, endpoint] : roster_->participants()) endpoint->wake();
        backstop = after(life::backstop);
    }
}

void control_plane::poll(deadline until, int also, const os::futex_waiter* noticed) {
    check_process();
    if (!manual()) {
        throw contract_violation{
            "poll: a thread of its own drives this context; make one with "
            "drive::manual"};
    }
    turns::ticket turn{*turns_};
    // Whoever had the turn before may have done what the caller waits for after it looked.
    if (noticed != nullptr && has_changed(*noticed)) return;
    if (turn.drives()) {
        wait_and_handle(until, also);
    } else {
        turn.follow(also, until);
    }
}

void control_plane::wait_and_handle(deadline until, int also) {
    if (also < 0) return wait_and_handle(until);
    deadline due;
    {
        const auto locked = lock();
        due = std::min(until, next_deadline());
    }
    wait_for_either(epoll_.fd(), also, due);
    wait_and_handle(clock::now());
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
    try_postponed();
    approach_again();
}

void control_plane::check_participants() {
    for (participant* endpoint : roster_->by_the_clock()) {
        if (endpoint->due() <= clock::now()) endpoint->check(clock::now());
    }
}

void control_plane::handle(const os::ready& event) {
    if (event.tag == wake_tag) {
        wake_.drain();
    } else if (event.tag == listener_tag) {
        accept_some();
    } else {
        const std::uint64_t tag = event.tag & ~process_bit;
        if (lifelines_.tell(epoll_, tag)) return;
        if (auto lost = roster_->take_lingering(tag)) return bury(std::move(lost));
        peer* const from = roster_->by_tag(tag);
        if (from == nullptr) return;  // dropped earlier in this round
        if (event.writable && !send_what_waits(*from)) return;
        read_frames(tag);
    }
}

bool control_plane::send_what_waits(peer& to) try {
    send_waiting(to);
    return true;
} catch (const error& e) {
    refuse_and_drop(to, e.code(), e.what());
    return false;
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
    if (!os::is_out_of_descriptors(e.code())) return false;
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
        life::close_in_forked_child(*fd);
    }
    life::close_in_forked_child(owned->socket_fd());
    return roster_->add(std::move(owned));
}

void control_plane::drop(std::uint64_t tag, const departure& how) {
    std::unique_ptr<peer> who = roster_->take(tag);
    if (!who) return;
    epoll_.remove(who->socket_fd());
    life::keep_in_forked_child(who->socket_fd());
    who->hang_up();
    if (!how.orderly) stay_unmet(who->unanswered);
    if (!who->known()) return bury(std::move(who));  // no endpoint was told of it
    bool holds = false;
    for (const auto& [id, endpoint] : roster_->participants()) {
        if (endpoint->gone(*who, how)) holds = true;
    }
    if (!holds || how.orderly || !who->process_fd() || who->process_ended()) {
        bury(std::move(who));
    } else {
        // A process that lost its link may still read what it holds; only its pidfd proves its
        // death.
        roster_->keep_until_dead(std::move(who));
    }
}

void control_plane::bury(std::unique_ptr<peer> who) {
    if (const auto fd = who->process_fd()) {
        epoll_.remove(*fd);
        life::keep_in_forked_child(*fd);
    }
    for (const auto& [id, endpoint] : roster_->participants()) endpoint->dead(*who);
}

deadline control_plane::next_deadline() const {
    deadline next = std::min(
        {accepting_again_, approaching_again_, roster_->first_hello_by(), shortage_.again()});
    for (const participant* endpoint : roster_->by_the_clock()) {
        next = std::min(next, endpoint->due());
    }
    return next;
}

void control_plane::drop_silent_newcomers() {
    if (roster_->first_hello_by() == never) return;
    // Nothing is declined: who was only stopped comes again.
    for (peer* who : roster_->silent(clock::now())) {
        drop(who->tag, {false, "it did not introduce itself in time"});
    }
}

}  // namespace signet::link
