// SPDX-License-Identifier: Apache-2.0
// A subscriber in a wait for many things. Belongs to the subscriber's thread; may outlive it.
#pragma once

#include <signet/transport/shm/topic_subscriber.hpp>
#include <signet/transport/waitable.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace signet::transport::shm {

/// Ready where a receive would find a message, a loss, a newcomer, an end or an error, and once
/// more after each event.
class subscriber_watch final : public waitable {
public:
    explicit subscriber_watch(const std::shared_ptr<topic_subscriber>& engine)
        : alive_{engine}, engine_{engine.get()} {}

    const void* identity() const noexcept override { return engine_; }
    bool outlives() const noexcept override { return true; }
    // A retired one lives on for the sake of its samples.
    bool gone() const noexcept override { return alive_.expired() || engine_->retired(); }

    bool ready() override {
        const std::uint32_t notices = engine_->notices();
        if (!engine_->anything_there() && notices == seen_) return false;
        seen_ = notices;
        return true;
    }

    deadline due() const override { return engine_->next_sample(); }
    bool stopped() const override { return engine_->stopped(); }
    std::shared_ptr<link::control_plane> plane() const override { return engine_->plane(); }
    std::size_t words() const override { return engine_->words(); }
    void arm(std::vector<os::futex_waiter>& words) override { engine_->arm(words); }
    int fd() override { return engine_->fd(); }

    void arm_fd() override {
        // Bells that nobody rang since are armed still.
        if (armed_ && version_ == engine_->sources_version()) return;
        engine_->settle();
        armed_ = true;
        version_ = engine_->sources_version();
    }
    void touched() noexcept override { armed_ = false; }

private:
    std::weak_ptr<topic_subscriber> alive_;
    topic_subscriber* engine_;
    std::uint32_t seen_ = 0;  ///< notices that were reported
    bool armed_ = false;
    std::uint64_t version_ = 0;
};

}  // namespace signet::transport::shm
