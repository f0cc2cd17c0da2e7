// SPDX-License-Identifier: Apache-2.0
// To put a message into its place is done once. Who took it out makes the flag new again: it lives
// in the region's memory, where a flag of zero is new.
#include "catalogue.hpp"
#include "guarded_slot.hpp"

#include <signet/sync.hpp>
#include <signet/sync/region_core.hpp>

#include <thread>

namespace signet::command {
namespace {

class once_way {
public:
    once_way(const region& in, const std::string& name, message_slot& slot)
        : word_{in.core()->words_of<sync::lock_word>(
              {.kind = memory::object_kind::once_flag, .name = name})},
          flag_{in.core(), *word_},
          slot_{&slot} {}

    void send(std::span<const std::byte> message) {
        while (!flag_.call([&] { slot_->put(message); })) std::this_thread::yield();
    }
    void receive(std::span<std::byte> buffer) {
        while (!flag_.done()) std::this_thread::yield();
        slot_->take(buffer);
        word_->store(0, std::memory_order_release);  // SYNC once
    }

private:
    sync::lock_word* word_;
    once_flag flag_;
    message_slot* slot_;
};

}  // namespace

mechanism once_flag_row() {
    return {.name = "once flag",
            .header = "signet/sync/once_flag.hpp",
            .boundaries = true,
            .direction = "one to all",
            .persistence = "until its region is removed",
            .left_behind = "a flag that is new again: the next one begins anew",
            .use_when = "something is to be done by whoever comes first, and by nobody else",
            .prepare = &prepare_region<slot_end<once_way>>};
}

}  // namespace signet::command
