// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hpp"
#include "mailbox_end.hpp"

#include <signet/os/sysv_shm.hpp>

namespace signet::command {
namespace {

using end = mailbox_end<os::sysv_shm>;

// The ends inherit the id; a key is for programs that are not related. Marked from the start, so
// that the kernel removes it with its last user, whoever is killed.
class sysv_shm_exchange : public exchange {
public:
    sysv_shm_exchange() { memory_.mark_for_removal(); }

    std::unique_ptr<mechanism_end> asking() override {
        return std::make_unique<end>(os::sysv_shm::open(memory_.id()), mailbox_side::asking);
    }
    std::unique_ptr<mechanism_end> answering() override {
        return std::make_unique<end>(os::sysv_shm::open(memory_.id()), mailbox_side::answering);
    }

private:
    os::sysv_shm memory_ = os::sysv_shm::create_unnamed(mailbox_pair_bytes);
};

std::unique_ptr<exchange> prepare(const std::string&) {
    return std::make_unique<sysv_shm_exchange>();
}

}  // namespace

mechanism sysv_shm_row() {
    return {.name = "sysv shm",
            .header = "signet/os/sysv_shm.hpp",
            .boundaries = false,
            .direction = "any to any",
            .persistence = "until it is removed, or the machine ends",
            .left_behind = "the segment, unless it was marked for removal",
            .use_when = "the other program has it already",
            .prepare = &prepare};
}

}  // namespace signet::command
