// SPDX-License-Identifier: Apache-2.0
// The role that publishes what /proc says, a thousand times a second.
#include <tour/machine.hpp>
#include <tour/role.hpp>

#include <thread>

namespace tour {
namespace {

using namespace std::chrono_literals;

constexpr auto sample_period = 1ms;
constexpr auto lateness_max = 50ms;  // what is later than that, after a stop, is not caught up with

class sampler {
public:
    explicit sampler(const orders& given)
        : out_{topic_of(given.tour, "telemetry")},
          reports_{given, role_id::sampler},
          machine_{given.conductor},
          ledger_{ledger::inherited()},
          promised_{ledger_[given.slot]} {}

    void run(const role_life& life) {
        auto next = signet::clock::now();
        while (!life.ended() && sample(life)) {
            if (reports_.due()) report();
            next += sample_period;
            if (next + lateness_max < signet::clock::now()) next = signet::clock::now();
            std::this_thread::sleep_until(next);
        }
        report();
    }

private:
    bool sample(const role_life& life) {
        telemetry now = machine_.look();
        now.number = out_.published();
        now.sent_ns = now_ns();
        seal(now);
        if (!out_.publish(now, life.stop())) return false;
        promised_.store(out_.published(), std::memory_order_relaxed);  // read after our end
        return true;
    }

    void report() {
        ends_.gather(out_);
        role_stats stats{};
        stats.messages = out_.published();
        stats.bytes = stats.messages * sizeof(telemetry);
        ends_.fill(stats);
        reports_.report(stats);
    }

    signet::publisher<telemetry> out_;
    reporter reports_;
    end_log ends_;
    machine machine_;
    ledger ledger_;
    std::atomic<std::uint64_t>& promised_;
};

}  // namespace

int play_sampler(const orders& given) {
    const role_life life{given};
    sampler{given}.run(life);
    return 0;
}

}  // namespace tour
