// SPDX-License-Identifier: Apache-2.0
#include <signet/os/name_guard.hpp>

#include <signet/os/directory.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <fstream>

namespace signet::os {
namespace {

TEST(NameGuard, ANameIsRemovedUnlessItIsKept) {
    const testing::temporary_directory root;
    const directory place = directory::open(root.path());
    for (const char* name : {"lost", "kept"}) {
        std::ofstream{root.path() + "/" + name};
        name_guard guard{place.fd(), name};
        if (name == std::string_view{"kept"}) guard.keep();
    }
    EXPECT_EQ(place.list(), std::vector<std::string>{"kept"});
}

}  // namespace
}  // namespace signet::os
