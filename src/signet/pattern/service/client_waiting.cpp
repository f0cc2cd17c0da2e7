// SPDX-License-Identifier: Apache-2.0
// The part of a client in which threads wait: one reads for all (it leads), the others follow.
#include <signet/base/error.hpp>
#include <signet/pattern/service/call_client.hpp>
#include <signet/pattern/service/call_codes.hpp>
#include <signet/pattern/service/call_stream.hpp>
#include <signet/pattern/service/client_connection.hpp>
#include <signet/pattern/service/incoming_call.hpp>
#include <signet/transport/patient_wait.hpp>
#include <signet/transport/wait_engine.hpp>
#include <signet/wire/rpc_frame.hpp>

#include <algorithm>
#include <utility>

namespace signet::pattern {
namespace {

using transport::direction;
using transport::flow;
using transport::patience;

/// Requests of the server that wait for somebody to run them, and their bytes: this or a frame.
constexpr std::size_t requests_max = 1024;
constexpr std::uint64_t request_bytes_max = std::uint64_t{16} << 20;

/// Frames that are read at once by who does not wait for them.
constexpr std::size_t frames_of_others = 256;

/// Who waits for room, and for something else.
class waiting_set final : public call_waiter {
public:
    void wake() noexcept override { set.wake(); }

    transport::wait_engine set{life::wait_mode::sleep};
};

}  // namespace

// ---- waiting ------------------------------------------------------------------------------------

void call_client::await(lock& locked, call_session& to, awaited& what, const patience& limit) {
    auto& on = static_cast<client_connection&>(to);
    while (!what.there()) {
        if (on.has_work()) {
            work(locked, on);
        } else if (on.over || transport::is_over(limit)) {
            break;
        } else if (on.keeps) {
            await_room(locked, on, what, limit);
        } else {
            on.reading ? follow(locked, on, what, limit) : lead(locked, on, what, limit);
        }
    }
    send_kept(locked, on, limit);
    on.wake_one();
}

// Who reads meanwhile sleeps in the kernel, and would not send what there was no room for.
void call_client::send_kept(lock& locked, client_connection& on, const patience& limit) {
    while (on.keeps && on.reading && !on.over && !transport::is_over(limit)) {
        nothing_awaited only_room;
        await_room(locked, on, only_room, limit);
    }
}

void call_client::lead(lock& locked, client_connection& on, const awaited& what,
                       const patience& limit) {
    on.reading = true;
    const auto goes_on = [&] {
        return !what.there() && !on.has_work() && !on.keeps && !transport::is_over(limit);
    };
    while (read_once(locked, on, limit) && goes_on()) {
    }
    leave_reading(on);
}

void call_client::leave_reading(client_connection& on) {
    on.reading = false;
    on.wake_one();
}

void call_client::follow(lock& locked, client_connection& on, awaited& what,
                         const patience& limit) {
    waiting_thread self;
    const os::futex_waiter now = self.watch();
    on.followers.push_back(&self);
    what.waiter = &self;
    locked.unlock();
    self.sleep(now, limit);
    locked.lock();
    what.waiter = nullptr;
    std::erase(on.followers, &self);
}

bool call_client::serve(const patience& limit) {
    const connection_ptr on = usable(limit);
    nothing_awaited only_serves;
    lock locked{mutex_};
    await(locked, *on, only_serves, limit);
    return !on->over;
}

bool call_client::poll() {
    const connection_ptr on = usable({after(options_.handshake_limit), {}});
    nothing_awaited only_polls;
    lock locked{mutex_};
    try_await(locked, *on, only_polls);
    return !on->over;
}

int call_client::fd() {
    return usable({after(options_.handshake_limit), {}})->line->end().fd();
}

bool call_client::try_await(lock& locked, call_session& to, const awaited& what) {
    auto& on = static_cast<client_connection&>(to);
    if (on.keeps) drain(locked, on);
    bool all = true;
    if (!what.there() && !on.reading && !on.over) {
        on.reading = true;
        all = read_some(locked, on);
        leave_reading(on);
    }
    while (on.has_work()) work(locked, on);
    if (what.waiter != nullptr && !what.there()) stay_enlisted(on, *what.waiter, all);
    return what.there();
}

// Whoever was woken is no follower any more; and is woken again where there may be more to read.
void call_client::stay_enlisted(client_connection& on, call_waiter& who, bool read_all) {
    std::erase(on.followers, &who);
    on.followers.push_back(&who);
    if (!read_all) who.wake();
}

void call_client::drain(lock& locked, client_connection& on) {
    if (locked.owns_lock()) locked.unlock();
    on.line->drain();
    locked.lock();
    on.keeps = on.line->keeps();  // more of it, maybe
}

std::unique_ptr<transport::waitable> call_client::enlist(call_waiter& who, call_session& to,
                                                         awaited& what) {
    auto& on = static_cast<client_connection&>(to);
    what.waiter = &who;
    on.followers.push_back(&who);
    return on.line->watch(direction::receiving);
}

void call_client::take_back(call_waiter& who, call_session& to, awaited& what) {
    what.waiter = nullptr;
    std::erase(static_cast<client_connection&>(to).followers, &who);
}

// ---- receiving ----------------------------------------------------------------------------------

// By who reads; the mutex is given up while it waits. False: the patience ended, or the connection.
bool call_client::read_once(lock& locked, client_connection& on, const patience& limit) {
    std::optional<std::uint32_t> unwanted;
    std::exception_ptr broke;
    flow became = flow::timed_out;
    locked.unlock();
    try {
        arrived_frame came;
        became = on.line->receive(came, limit);
        if (became == flow::done) {
            locked.lock();
            if (on.over) return false;  // nobody waits for anything of it any more
            unwanted = take(on, came);
        }
    } catch (const error&) {
        broke = std::current_exception();
    }
    if (!locked.owns_lock()) locked.lock();
    if (became == flow::ended) broke = peer_gone();
    if (broke) on.end_all(broke);
    if (unwanted && !broke) {
        locked.unlock();
        drop_stream(on, *unwanted);
        locked.lock();
    }
    return became == flow::done && !broke;
}

std::optional<std::uint32_t> call_client::take(client_connection& on, const arrived_frame& came) {
    const wire::rpc_kind kind = came.what.kind;
    if (kind == wire::rpc_kind::response) return on.take_response(came.what);
    if (kind == wire::rpc_kind::notification && on.take_notification(came.what)) return {};
    take_request(on, came);
    return {};
}

// What calls a function back is for the thread whose call lent it; all else for any that waits.
void call_client::take_request(client_connection& on, const arrived_frame& came) {
    const auto& [bytes, frame] = came;
    const std::uint64_t most = std::max(request_bytes_max, on.line->frame_bytes_max());
    if (on.requests.size() >= requests_max || on.request_bytes + bytes.size() > most) {
        throw error{errc::peer_misbehaved, "read call", {}, "it calls more than is answered"};
    }
    on.requests.push_back(std::make_shared<incoming_call>(on.shared_from_this(), bytes, frame));
    incoming_call& request = *on.requests.back();  // whatever is thrown, it goes without the mutex
    on.request_bytes += request.bytes();
    request.begin_streams();
    if (request.frame().method != back_method) return;
    if (!on.hand_back(request.take_function(), on.requests.back())) return;
    on.request_bytes -= request.bytes();
    on.requests.pop_back();
}

// ---- for room -----------------------------------------------------------------------------------

void call_client::await_room(client_connection& on, const patience& limit) {
    lock locked{mutex_};
    nothing_awaited only_room;
    await_room(locked, on, only_room, limit);
}

void call_client::await_room(lock& locked, client_connection& on, awaited& what,
                             const patience& limit) {
    waiting_set self;
    const bool reads = !on.reading && !on.over;
    reads ? void(on.reading = true) : on.followers.push_back(&self);
    what.waiter = &self;
    locked.unlock();
    self.set.add(on.line->watch(direction::sending));
    if (reads) self.set.add(on.line->watch(direction::receiving));
    self.set.wait(limit);
    drain(locked, on);
    what.waiter = nullptr;
    if (!reads) return void(std::erase(on.followers, &self));
    read_some(locked, on);
    leave_reading(on);
}

// Without waiting. False: there may be more.
bool call_client::read_some(lock& locked, client_connection& on) {
    for (std::size_t left = frames_of_others; left != 0; --left) {
        if (!read_once(locked, on, patience::none())) return true;
    }
    return false;
}

}  // namespace signet::pattern
