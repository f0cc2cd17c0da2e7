// SPDX-License-Identifier: Apache-2.0
#include <tour/role.hpp>

#include <signet/base/error.hpp>
#include <signet/os/epoll.hpp>
#include <signet/os/process.hpp>
#include <tour/reception.hpp>

#include <sys/prctl.h>
#include <unistd.h>
#include <csignal>

#include <array>
#include <cstdlib>

namespace tour {
namespace {

using namespace std::chrono_literals;
using signet::topic_event;

constexpr std::array<int, 2> watched_signals = {SIGTERM, SIGINT};
constexpr std::chrono::nanoseconds report_period = 100ms;
constexpr std::chrono::nanoseconds search_period = 5ms;  // until the conductor has joined

// A conductor that ended before prctl() sends no signal any more, hence the second look.
void die_with(int conductor) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != conductor) std::_Exit(EXIT_FAILURE);
}

}  // namespace

int play(const orders& given) {
    ::prctl(PR_SET_NAME, ("signet-" + given.role).c_str());
    die_with(given.conductor);
    if (given.role == name_of(role_id::sampler)) return play_sampler(given);
    if (given.role == name_of(role_id::viewer_block)) {
        return play_viewer(given, role_id::viewer_block);
    }
    if (given.role == name_of(role_id::viewer_drop)) {
        return play_viewer(given, role_id::viewer_drop);
    }
    if (given.role == name_of(role_id::archiver)) return play_archiver(given);
    if (given.role == name_of(role_id::hasher)) return play_hasher(given);
    throw signet::contract_violation{"tour: there is no role '" + given.role + "'"};
}

role_life::role_life(const orders& given) : signals_{watched_signals} {
    die_with(given.conductor);
    watcher_ = std::thread{&role_life::watch, this};
}

role_life::~role_life() {
    over_.signal();
    watcher_.join();
}

void role_life::watch() {
    signet::os::epoll set;
    set.add(signals_.fd(), signet::os::interest::readable, 0);
    set.add(over_.fd(), signet::os::interest::readable, 1);
    std::array<signet::os::ready, 2> storage;
    for (;;) {
        for (const auto& member : set.wait(storage, signet::never)) {
            if (member.tag == 1) return;
            if (signals_.try_take() == SIGTERM) stop_.request_stop();
        }
    }
}

reporter::reporter(const orders& given, role_id role)
    : out_{topic_of(given.tour, "stats")}, role_{role} {}

void reporter::report(role_stats stats) {
    const bool heard = out_.subscribers() != 0;
    next_ = signet::after(heard ? report_period : search_period);
    if (!heard) return;
    stats.number = out_.published();
    stats.sent_ns = now_ns();
    stats.pid = signet::os::current_pid();
    stats.role = static_cast<std::uint32_t>(role_);
    seal(stats);
    out_.publish(stats);
}

void end_log::note(const topic_event& event) {
    if (event.what != topic_event::kind::died && event.what != topic_event::kind::left) return;
    ends_.push_back(end_of(event, 0));
    if (ends_.size() > ends_max) ends_.pop_front();
}

void end_log::fill(role_stats& into) const {
    std::copy(ends_.begin(), ends_.end(), into.ends.begin());
}

}  // namespace tour
