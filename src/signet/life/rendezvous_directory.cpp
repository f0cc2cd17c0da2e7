// SPDX-License-Identifier: Apache-2.0
#include <signet/life/rendezvous_directory.hpp>

#include <signet/base/error.hpp>
#include <signet/os/process.hpp>

#include <cstdlib>

namespace signet::life {
namespace {

constexpr unsigned others_mask = 0077;

}  // namespace

std::string default_rendezvous_path() {
    if (const char* chosen = std::getenv("SIGNET_DIR"); chosen != nullptr && *chosen != '\0') {
        return chosen;
    }
    return "/dev/shm/signet-" + std::to_string(os::current_uid());
}

os::directory open_rendezvous_directory(const std::string& path) {
    os::directory root = os::directory::open_or_create(path);
    const os::directory_facts facts = root.facts();
    if (facts.owner_uid != os::current_uid()) {
        throw error{errc::untrusted, "use directory", path,
                    "it belongs to user " + std::to_string(facts.owner_uid) +
                        ", not to you; set SIGNET_DIR to a directory of your own"};
    }
    if ((facts.mode & others_mask) != 0) {
        throw error{errc::untrusted, "use directory", path,
                    "other users may enter it; make it private with chmod 700"};
    }
    return root;
}

}  // namespace signet::life
