// SPDX-License-Identifier: Apache-2.0
// What every role of a tour has: its orders, an end (by SIGTERM in good order, and by force with
// the conductor, however that ends), and a voice to say how it is doing. One thread uses them.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/event.hpp>
#include <signet/os/signal.hpp>
#include <signet/publisher.hpp>

#include <tour/ledger.hpp>
#include <tour/messages.hpp>

#include <cstdint>
#include <deque>
#include <stop_token>
#include <string>
#include <thread>

namespace tour {

inline constexpr int background = 10;  ///< the nice value of work that may wait

/// How a conductor tells a role what to do, on its command line.
struct orders {
    std::string role;   ///< one of role_names
    std::string tour;   ///< the id of the tour
    int conductor = 0;  ///< its pid
    unsigned slot = 0;  ///< of the ledger
    std::string files;  ///< the archiver's directory
    std::uint64_t first_file = 0;
};

/// Plays the role to its end; the status to exit with. Throws `error`, and contract_violation for a
/// role nobody knows.
int play(const orders& given);

int play_sampler(const orders& given);
int play_viewer(const orders& given, role_id role);
int play_archiver(const orders& given);
int play_hasher(const orders& given);

/// From its making on, the process dies with the conductor. SIGTERM asks for the end; SIGINT, which
/// a terminal sends to everybody, is for the conductor only.
class role_life {
public:
    explicit role_life(const orders& given);
    ~role_life();

    bool ended() const { return stop_.stop_requested(); }
    std::stop_token stop() const { return stop_.get_token(); }

private:
    void watch();

    signet::os::signal_queue signals_;
    signet::os::event over_;
    std::stop_source stop_;
    std::thread watcher_;
};

/// Says ten times a second how the role is doing, once the conductor is there to hear it.
class reporter {
public:
    reporter(const orders& given, role_id role);

    bool due() const { return signet::clock::now() >= next_; }
    signet::deadline next() const { return next_; }

    void report(role_stats stats);

private:
    signet::publisher<role_stats> out_;
    role_id role_;
    signet::deadline next_{};
};

/// Which subscribers a publishing role saw go.
class end_log {
public:
    /// Takes the news of `from`.
    template <class Endpoint>
    void gather(Endpoint& from) {
        while (const auto event = from.try_event()) note(*event);
    }

    void note(const signet::topic_event& event);
    void fill(role_stats& into) const;

private:
    std::deque<seen_end> ends_;
};

}  // namespace tour
