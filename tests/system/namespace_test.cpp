// SPDX-License-Identifier: Apache-2.0
// Two processes that see neither each other's pids nor mounts nor ipc objects, as in two
// containers, and share only the rendezvous directory.
#include "../actors/actor.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace signet::tests {
namespace {

os::child start_elsewhere(std::vector<std::string> words) {
    // The propagation of mounts is left alone: in a chroot the root is no mount of its own.
    std::vector<std::string> command{"unshare",       "--pid",     "--mount",
                                     "--ipc",         "--fork",    "--kill-child",
                                     "--propagation", "unchanged", SIGNET_ACTOR};
    command.insert(command.end(), words.begin(), words.end());
    return os::child::spawn(command);
}

class Namespaces : public ::testing::Test {
protected:
    void SetUp() override {
        if (geteuid() != 0) GTEST_SKIP() << "making namespaces takes root here";
    }

    own_rendezvous place_;
};

TEST_F(Namespaces, TwoThatShareOnlyTheDirectoryTalk) {
    auto hears = start_elsewhere({"hear", "t", "1000"});
    auto says = start_elsewhere({"say", "t", "1000"});
    EXPECT_EQ(status_of(hears), 0);
    EXPECT_EQ(status_of(says), 0);
}

TEST_F(Namespaces, OneInsideHearsOneOutside) {
    auto hears = start_elsewhere({"hear", "t", "1000"});
    auto says = start_actor({"say", "t", "1000"});
    EXPECT_EQ(status_of(hears), 0);
    EXPECT_EQ(status_of(says), 0);
}

TEST_F(Namespaces, OneOutsideHearsOneInside) {
    auto says = start_elsewhere({"say", "t", "1000"});
    auto hears = start_actor({"hear", "t", "1000"});
    EXPECT_EQ(status_of(hears), 0);
    EXPECT_EQ(status_of(says), 0);
}

}  // namespace
}  // namespace signet::tests
