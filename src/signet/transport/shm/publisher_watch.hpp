// SPDX-License-Identifier: Apache-2.0
// A publisher in a wait for many things. Belongs to the publisher's thread, and must not outlive
// it.
#pragma once

#include <signet/os/descriptor.hpp>
#include <signet/transport/shm/topic_publisher.hpp>
#include <signet/transport/waitable.hpp>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace signet::transport::shm {

/// What is waited for.
enum class publisher_interest {
    room,    ///< the next message has room, or something happened
    events,  ///< somebody joined, left or was refused
};

class publisher_watch final : public waitable {
public:
    publisher_watch(topic_publisher& engine, publisher_interest in)
        : engine_{&engine}, interest_{in}, event_{engine.room_event().handle().duplicate()} {}

    const void* identity() const noexcept override {
        // Two interests in one publisher are two things to wait for.
        return reinterpret_cast<const char*>(engine_) +
               (interest_ == publisher_interest::events ? 1 : 0);
    }

    bool ready() override {
        const std::uint32_t notices = engine_->notices().expected;
        const bool news = std::exchange(seen_, notices) != notices;
        return news || (interest_ == publisher_interest::room && engine_->room());
    }

    bool stopped() const override { return engine_->stopped(); }
    std::shared_ptr<link::control_plane> plane() const override { return engine_->plane(); }
    std::size_t words() const override { return interest_ == publisher_interest::room ? 2 : 1; }

    void arm(std::vector<os::futex_waiter>& words) override {
        words.push_back(engine_->notices());
        if (interest_ == publisher_interest::room) words.push_back(engine_->arm_room());
    }

    int fd() override { return event_.get(); }
    void arm_fd() override {
        engine_->room_event().drain();
        if (interest_ == publisher_interest::room) engine_->arm_room_event();
    }
    void disarm() override {
        if (interest_ == publisher_interest::room) engine_->disarm_room();
    }

private:
    topic_publisher* engine_;
    publisher_interest interest_;
    std::uint32_t seen_ = 0;  ///< notices that were reported
    os::descriptor event_;    ///< a duplicate: a set takes a descriptor once
};

}  // namespace signet::transport::shm
