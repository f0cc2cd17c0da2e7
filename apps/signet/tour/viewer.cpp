// SPDX-License-Identifier: Apache-2.0
// The role that receives telemetry, checks each message and keeps the books. One viewer lets the
// sampler wait for it, the other would rather lose messages.
#include <tour/reception.hpp>
#include <tour/role.hpp>

#include <signet/subscriber.hpp>

namespace tour {
namespace {

using namespace std::chrono_literals;

constexpr auto farewell_limit = 2s;  // for the last messages of publishers that are ending

class viewer {
public:
    viewer(const orders& given, role_id role)
        : in_{topic_of(given.tour, "telemetry"), options_of(role)},
          reports_{given, role},
          books_{role == role_id::viewer_block ? reception::gaps::forbidden
                                               : reception::gaps::expected} {}

    void run(const role_life& life) {
        while (!life.ended()) receive_until(reports_.next());
        const auto limit = signet::after(farewell_limit);
        while (in_.publishers() != 0 && signet::clock::now() < limit)
            receive_until(reports_.next());
        receive_until(signet::clock::now());
    }

private:
    static signet::subscriber_options options_of(role_id role) {
        using signet::delivery;
        signet::subscriber_options options;
        options.policy = role == role_id::viewer_block ? delivery::block : delivery::drop_oldest;
        return options;
    }

    /// Receives what comes, and reports.
    void receive_until(signet::deadline limit) {
        gather();
        while (const auto next = in_.try_receive()) note(next);
        books_.note_empty();
        if (const auto next = in_.receive_until(limit)) note(next);
        if (signet::clock::now() >= limit) report();
    }

    void note(const signet::sample<telemetry>& next) {
        books_.note({next.publisher(), next.number(), next->number, next->sent_ns,
                     sizeof(telemetry), whole(*next)},
                    now_ns());
    }

    void gather() {
        while (const auto event = in_.try_event()) books_.note(*event);
    }

    void report() {
        role_stats stats{};
        books_.fill(stats);
        reports_.report(stats);
    }

    signet::subscriber<telemetry> in_;
    reporter reports_;
    reception books_;
};

}  // namespace

int play_viewer(const orders& given, role_id role) {
    const role_life life{given};
    viewer{given, role}.run(life);
    return 0;
}

}  // namespace tour
