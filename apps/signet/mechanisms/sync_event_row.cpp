// SPDX-License-Identifier: Apache-2.0
// Two events that reset themselves: there is a message, and there is room.
#include "catalogue.hpp"
#include "guarded_slot.hpp"

#include <signet/sync.hpp>

namespace signet::command {
namespace {

class sync_event_way {
public:
    sync_event_way(const region& in, const std::string& name, message_slot& slot)
        : full_{in, name + " full", event_reset::automatic},
          taken_{in, name + " taken", event_reset::automatic},
          slot_{&slot} {}

    void send(std::span<const std::byte> message) {
        if (sent_) taken_.wait();
        sent_ = true;
        slot_->put(message);
        full_.set();
    }
    void receive(std::span<std::byte> buffer) {
        full_.wait();
        slot_->take(buffer);
        taken_.set();
    }

private:
    event full_;
    event taken_;
    message_slot* slot_;
    bool sent_ = false;
};

}  // namespace

mechanism sync_event_row() {
    return {.name = "sync event",
            .header = "signet/sync/event.hpp",
            .boundaries = true,
            .direction = "any to any",
            .persistence = "until its region is removed",
            .left_behind = "the flag as it is",
            .use_when = "processes wait for a fact: ready, stop, your turn",
            .prepare = &prepare_region<slot_end<sync_event_way>>};
}

}  // namespace signet::command
