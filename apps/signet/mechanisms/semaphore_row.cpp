// SPDX-License-Identifier: Apache-2.0
// A permit to write, and a permit to read: each side takes its own and gives the other's.
#include "catalogue.hpp"
#include "guarded_slot.hpp"

#include <signet/sync.hpp>

namespace signet::command {
namespace {

class semaphore_way {
public:
    semaphore_way(const region& in, const std::string& name, message_slot& slot)
        : room_{in, name + " room", 1}, full_{in, name + " full", 0}, slot_{&slot} {}

    void send(std::span<const std::byte> message) {
        room_.acquire();
        slot_->put(message);
        full_.release();
    }
    void receive(std::span<std::byte> buffer) {
        full_.acquire();
        slot_->take(buffer);
        room_.release();
    }

private:
    semaphore room_;
    semaphore full_;
    message_slot* slot_;
};

}  // namespace

mechanism semaphore_row() {
    return {.name = "semaphore",
            .header = "signet/sync/semaphore.hpp",
            .boundaries = true,
            .direction = "any to any",
            .persistence = "until its region is removed",
            .left_behind = "permits that are gone; those of a permit_pool come back",
            .use_when = "something is there so many times, or one process gives and another takes",
            .prepare = &prepare_region<slot_end<semaphore_way>>};
}

}  // namespace signet::command
