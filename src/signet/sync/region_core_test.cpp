// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/region_core.hpp>

#include <signet/base/error.hpp>
#include <signet/sync/region.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <array>

namespace signet::sync {
namespace {

using memory::object_kind;

class RegionCore : public ::testing::Test {
protected:
    testing::temporary_directory place_;
    region_options here_{.directory = place_.path()};
};

// Two free blocks of one list, with room for an object at their very beginning.
void make_a_list(region_core& core) {
    std::array<std::byte*, 5> blocks{};
    for (auto& block : blocks) block = core.allocate(240, memory::line_bytes, 1);
    core.release(blocks[1]);
    core.release(blocks[3]);
}

TEST_F(RegionCore, AnObjectThatIsNotMadeLeavesTheHeapAsItWas) {
    here_.objects = 1;
    const region shop{"shop", here_};
    shop.core()->find_or_make({.kind = object_kind::event, .name = "the only one"});
    make_a_list(*shop.core());
    EXPECT_THROW(shop.core()->find_or_make({.kind = object_kind::event, .name = "one more"}),
                 error);
    EXPECT_NO_THROW(shop.account());
}

}  // namespace
}  // namespace signet::sync
