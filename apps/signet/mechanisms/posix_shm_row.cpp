// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hpp"
#include "mailbox_end.hpp"

#include <signet/os/posix_shm.hpp>
#include <signet/os/process.hpp>
#include <signet/os/random.hpp>

namespace signet::command {
namespace {

using end = mailbox_end<os::posix_shm>;

std::string fresh_name() {
    return "/signet-tour-" + std::to_string(os::current_pid()) + '-' +
           std::to_string(os::random_u64());
}

class posix_shm_exchange : public exchange {
public:
    std::unique_ptr<mechanism_end> asking() override {
        return std::make_unique<end>(os::posix_shm::open(memory_.name()), mailbox_side::asking);
    }
    std::unique_ptr<mechanism_end> answering() override {
        return std::make_unique<end>(os::posix_shm::open(memory_.name()), mailbox_side::answering);
    }

private:
    os::posix_shm memory_ = os::posix_shm::create(fresh_name(), mailbox_pair_bytes);
};

std::unique_ptr<exchange> prepare(const std::string&) {
    return std::make_unique<posix_shm_exchange>();
}

}  // namespace

mechanism posix_shm_row() {
    return {.name = "posix shm",
            .header = "signet/os/posix_shm.hpp",
            .boundaries = false,
            .direction = "any to any",
            .persistence = "until it is removed, or the machine ends",
            .left_behind = "by its creator: the name and the memory",
            .use_when = "programs that trust each other share data and know a name",
            .prepare = &prepare};
}

}  // namespace signet::command
