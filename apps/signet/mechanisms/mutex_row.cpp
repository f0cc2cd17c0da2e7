// SPDX-License-Identifier: Apache-2.0
// A mutex alone does not tell of news: who waits looks again and again, with the lock.
#include "catalogue.hpp"
#include "guarded_slot.hpp"

#include <signet/sync.hpp>

#include <mutex>
#include <thread>

namespace signet::command {
namespace {

class mutex_way {
public:
    mutex_way(const region& in, const std::string& name, message_slot& slot)
        : guard_{in, name}, slot_{&slot} {}

    void send(std::span<const std::byte> message) {
        when(0, [&] { slot_->put(message); });
    }
    void receive(std::span<std::byte> buffer) {
        when(1, [&] { slot_->take(buffer); });
    }

private:
    template <class Step>
    void when(std::uint64_t full, Step&& step) {
        for (;; std::this_thread::yield()) {
            const std::scoped_lock mine{guard_};
            if (slot_->full == full) return step();
        }
    }

    mutex guard_;
    message_slot* slot_;
};

}  // namespace

mechanism mutex_row() {
    return {.name = "mutex",
            .header = "signet/sync/mutex.hpp",
            .boundaries = true,
            .direction = "any to any",
            .persistence = "until its region is removed",
            .left_behind = "the lock, to the next one, who is told",
            .use_when = "processes change the same data, and some may die while they do",
            .prepare = &prepare_region<slot_end<mutex_way>>};
}

}  // namespace signet::command
