// SPDX-License-Identifier: Apache-2.0
// Tells when a publisher has been silent for longer than its subscriber bears. It looks at what the
// publishers say they have published, a few times in each period, so a message costs nothing. A
// silence is told once, and again when it has been broken meanwhile. Control thread, plane locked.
#pragma once

#include <signet/base/time.hpp>
#include <signet/link/peer.hpp>
#include <signet/memory/topic_layout.hpp>
#include <signet/os/mapping.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace signet::transport::shm {

class silence_watch {
public:
    /// A publisher that has been silent, or with endpoint 0: nobody publishes.
    struct silence {
        std::uint64_t publisher = 0;
        link::peer_identity who{};
    };

    /// `period` of nanoseconds::max(): never.
    explicit silence_watch(std::chrono::nanoseconds period);

    /// From now on `publisher` is expected to speak.
    void add(std::uint64_t publisher, const link::peer_identity& who,
             std::shared_ptr<const os::mapping> segment);
    void remove(std::uint64_t publisher);

    /// When to look next.
    deadline due() const noexcept { return next_look_; }

    /// Those whose silence has become too long since the last call.
    std::vector<silence> look(clock::time_point now);

private:
    struct speaker {
        link::peer_identity who;
        std::shared_ptr<const os::mapping> segment;  ///< null: stands for there being nobody
        std::uint64_t published;
        clock::time_point heard;
        bool told = false;
    };

    void hear(speaker& one, clock::time_point now) const;

    std::chrono::nanoseconds period_;
    deadline next_look_ = never;
    std::map<std::uint64_t, speaker> speakers_;  // by publisher; 0: nobody is there
};

}  // namespace signet::transport::shm
