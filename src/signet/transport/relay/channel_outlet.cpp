// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/relay/channel_outlet.hpp>

#include <signet/transport/channel_watch.hpp>
#include <signet/transport/relay/topic_session.hpp>

#include <chrono>
#include <utility>

namespace signet::transport::relay {
namespace {

/// Who connected may need a moment to say what it wants, or to hear that there is no place.
constexpr std::size_t sessions_beyond = 64;

/// Where no descriptor is left, who knocks is asked to go on waiting for so long.
constexpr std::chrono::milliseconds pause_at_limit{100};

/// A session that is counted.
class counted_session final : public topic_relay {
public:
    counted_session(std::unique_ptr<channel_end> end, local_publisher& from,
                    std::shared_ptr<std::size_t> count)
        : session_{std::move(end), from}, count_{std::move(count)} {
        ++*count_;
    }
    ~counted_session() override { --*count_; }

    state work(relay_waits& waits) override { return session_.work(waits); }
    state finish(relay_waits& waits) override { return session_.finish(waits); }

private:
    topic_session session_;
    std::shared_ptr<std::size_t> count_;
};

}  // namespace

topic_relay::state channel_outlet::work(relay_waits& waits) {
    if (!knocking_) knocking_ = waits.add(watch_listener(door_));
    bool asleep = false;
    try {
        while (accept_one(waits)) continue;
    } catch (const error&) {
        waits.wake_at(after(pause_at_limit));  // the limit of open files: later, perhaps
        asleep = true;
    }
    waits.enable(*knocking_, !asleep);
    return state::going;
}

bool channel_outlet::accept_one(relay_waits& waits) {
    auto end = door_->accept(patience::none());
    if (!end) return false;
    if (*sessions_ >= from_->subscribers_max() + sessions_beyond) return true;  // and is closed
    waits.start(std::make_unique<counted_session>(std::move(end), *from_, sessions_));
    return true;
}

}  // namespace signet::transport::relay
