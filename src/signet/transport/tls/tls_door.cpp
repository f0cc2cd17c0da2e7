// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/tls/tls_door.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace signet::transport::tls {
namespace {

constexpr std::uint64_t the_door = 0;  // among the numbers of the guests

}  // namespace

tls_door::tls_door(const tcp::tcp_name& at, std::shared_ptr<const tls_context> context,
                   const channel_options& options)
    : door_{at, options}, context_{std::move(context)}, limit_{options.handshake_limit} {
    set_.add(door_.fd(), os::interest::readable, the_door);
}

std::unique_ptr<tls_stream> tls_door::accept(const patience& limit) {
    for (;;) {
        if (auto one = one_that_moved()) return one;
        if (auto one = one_that_is_late()) return one;
        const patience shorter{std::min(limit.until, first_deadline()), limit.stop};
        if (!wait_patiently(fd(), os::readiness::readable, shorter, bell_) && is_over(limit)) {
            return nullptr;
        }
    }
}

std::unique_ptr<tls_stream> tls_door::one_that_moved() {
    std::array<os::ready, 16> storage;
    for (const os::ready& one : set_.wait(storage, deadline::min())) {
        if (one.tag == the_door) {
            admit();
        } else if (const auto found = guests_.find(one.tag);
                   found != guests_.end() && found->second.stream->try_shake_hands()) {
            return dismiss(one.tag);
        }
    }
    return nullptr;
}

std::unique_ptr<tls_stream> tls_door::one_that_is_late() {
    if (first_deadline() > clock::now()) return nullptr;
    auto one = dismiss(guests_.begin()->first);
    one->give_up();
    return one;
}

// What it says may have come already; then it is told at once.
void tls_door::admit() {
    auto connected = door_.accept(patience::none());
    if (!connected) return;
    if (guests_.size() == handshakes_max) dismiss(guests_.begin()->first);
    auto stream = std::make_unique<tls_stream>(
        std::move(connected), tls_session{context_, tls_role::accepts, door_.text(), {}},
        door_.text());
    set_.add(stream->read_fd(), os::interest::readable, ++came_);
    guests_.emplace(came_, guest{std::move(stream), after(limit_)});
}

std::unique_ptr<tls_stream> tls_door::dismiss(std::uint64_t number) {
    const auto found = guests_.find(number);
    set_.remove(found->second.stream->write_fd());  // the socket, also of one that failed
    auto stream = std::move(found->second.stream);
    guests_.erase(found);
    return stream;
}

deadline tls_door::first_deadline() const {
    return guests_.empty() ? never : guests_.begin()->second.until;
}

}  // namespace signet::transport::tls
