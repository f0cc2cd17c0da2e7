// SPDX-License-Identifier: Apache-2.0
// Who waits for a message looks as one of many readers, and takes it alone.
#include "catalogue.hpp"
#include "guarded_slot.hpp"

#include <signet/sync.hpp>

#include <mutex>
#include <shared_mutex>
#include <thread>

namespace signet::command {
namespace {

class shared_mutex_way {
public:
    shared_mutex_way(const region& in, const std::string& name, message_slot& slot)
        : guard_{in, name}, slot_{&slot} {}

    void send(std::span<const std::byte> message) {
        look_until(0);
        const std::scoped_lock alone{guard_};
        slot_->put(message);
    }
    void receive(std::span<std::byte> buffer) {
        look_until(1);
        const std::scoped_lock alone{guard_};
        slot_->take(buffer);
    }

private:
    /// Nobody but the caller ends that state.
    void look_until(std::uint64_t full) {
        for (;; std::this_thread::yield()) {
            const std::shared_lock beside_others{guard_};
            if (slot_->full == full) return;
        }
    }

    shared_mutex guard_;
    message_slot* slot_;
};

}  // namespace

mechanism shared_mutex_row() {
    return {
        .name = "shared mutex",
        .header = "signet/sync/shared_mutex.hpp",
        .boundaries = true,
        .direction = "any to any",
        .persistence = "until its region is removed",
        .left_behind = "nothing of a reader; of a writer the lock, to the next one, who is told",
        .use_when = "many processes read what few change",
        .prepare = &prepare_region<slot_end<shared_mutex_way>>};
}

}  // namespace signet::command
