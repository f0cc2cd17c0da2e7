// SPDX-License-Identifier: Apache-2.0
// Both meet when the message is there, and again when it was taken.
#include "catalogue.hpp"
#include "guarded_slot.hpp"

#include <signet/sync.hpp>

namespace signet::command {
namespace {

class barrier_way {
public:
    barrier_way(const region& in, const std::string& name, message_slot& slot)
        : meeting_{in, name, 2}, slot_{&slot} {}

    void send(std::span<const std::byte> message) {
        slot_->put(message);
        meeting_.arrive_and_wait();
        meeting_.arrive_and_wait();
    }
    void receive(std::span<std::byte> buffer) {
        meeting_.arrive_and_wait();
        slot_->take(buffer);
        meeting_.arrive_and_wait();
    }

private:
    barrier meeting_;
    message_slot* slot_;
};

}  // namespace

mechanism barrier_row() {
    return {.name = "barrier",
            .header = "signet/sync/barrier.hpp",
            .boundaries = true,
            .direction = "all to all",
            .persistence = "until its region is removed",
            .left_behind = "its place: the others are told, and a new one may take it",
            .use_when = "a fixed number of processes goes on together, step by step",
            .prepare = &prepare_region<slot_end<barrier_way>>};
}

}  // namespace signet::command
