// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hpp"
#include "mailbox_end.hpp"

#include <signet/base/error.hpp>
#include <signet/os/mapped_file.hpp>

namespace signet::command {
namespace {

using end = mailbox_end<os::mapped_file>;

class mapped_exchange : public exchange {
public:
    explicit mapped_exchange(const std::string& directory) : path_{directory + "/mailboxes"} {
        os::mapped_file::create(path_, mailbox_pair_bytes);
    }

    ~mapped_exchange() override {
        try {
            os::remove_file(path_);
        } catch (const error&) {  // the whole directory is removed after us
        }
    }

    std::unique_ptr<mechanism_end> asking() override {
        return std::make_unique<end>(open(), mailbox_side::asking);
    }
    std::unique_ptr<mechanism_end> answering() override {
        return std::make_unique<end>(open(), mailbox_side::answering);
    }

private:
    os::mapped_file open() const {
        return os::mapped_file::open(path_, os::map_access::read_write);
    }

    std::string path_;
};

std::unique_ptr<exchange> prepare(const std::string& directory) {
    return std::make_unique<mapped_exchange>(directory);
}

}  // namespace

mechanism mapped_file_row() {
    return {.name = "mapped file",
            .header = "signet/os/mapped_file.hpp",
            .boundaries = false,
            .direction = "any to any",
            .persistence = "until it is removed",
            .left_behind = "the file, as it was stored to",
            .use_when = "data structures are shared and outlive all processes",
            .prepare = &prepare};
}

}  // namespace signet::command
