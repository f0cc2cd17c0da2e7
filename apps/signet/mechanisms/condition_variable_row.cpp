// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hpp"
#include "guarded_slot.hpp"

#include <signet/sync.hpp>

#include <mutex>

namespace signet::command {
namespace {

class condition_way {
public:
    condition_way(const region& in, const std::string& name, message_slot& slot)
        : guard_{in, name}, changed_{in, name + " changed"}, slot_{&slot} {}

    void send(std::span<const std::byte> message) {
        when(0, [&] { slot_->put(message); });
    }
    void receive(std::span<std::byte> buffer) {
        when(1, [&] { slot_->take(buffer); });
    }

private:
    template <class Step>
    void when(std::uint64_t full, Step&& step) {
        std::unique_lock mine{guard_};
        changed_.wait(mine, [&] { return slot_->full == full; });
        step();
        changed_.notify_one();
    }

    mutex guard_;
    condition_variable changed_;
    message_slot* slot_;
};

}  // namespace

mechanism condition_variable_row() {
    return {.name = "condition variable",
            .header = "signet/sync/condition_variable.hpp",
            .boundaries = true,
            .direction = "any to any",
            .persistence = "until its region is removed",
            .left_behind = "nothing; all who wait look again",
            .use_when = "a process waits until the data under a mutex is as it wants",
            .prepare = &prepare_region<slot_end<condition_way>>};
}

}  // namespace signet::command
