// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hpp"
#include "mailbox_end.hpp"

#include <signet/os/mapping.hpp>
#include <signet/os/memfd.hpp>

namespace signet::command {
namespace {

using end = mailbox_end<os::mapping>;

// The ends inherit the descriptor; processes that are not related get it over a unix socket.
class memfd_exchange : public exchange {
public:
    memfd_exchange() {
        os::allocate(memory_, 0, mailbox_pair_bytes);
        os::add_seals(memory_, os::seals::shrink | os::seals::grow | os::seals::seal);
    }

    std::unique_ptr<mechanism_end> asking() override {
        return std::make_unique<end>(map(), mailbox_side::asking);
    }
    std::unique_ptr<mechanism_end> answering() override {
        return std::make_unique<end>(map(), mailbox_side::answering);
    }

private:
    os::mapping map() const { return os::mapping::read_write(memory_, mailbox_pair_bytes); }

    os::descriptor memory_ = os::create_memfd("signet-tour", mailbox_pair_bytes);
};

std::unique_ptr<exchange> prepare(const std::string&) {
    return std::make_unique<memfd_exchange>();
}

}  // namespace

mechanism memfd_row() {
    return {.name = "memfd",
            .header = "signet/os/memfd.hpp",
            .boundaries = false,
            .direction = "any to any",
            .persistence = "until its last user is gone",
            .left_behind = "nothing",
            .use_when = "memory is shared with whom one can send a descriptor, trusted or not",
            .prepare = &prepare};
}

}  // namespace signet::command
