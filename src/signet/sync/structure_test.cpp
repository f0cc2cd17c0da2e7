// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/structure.hpp>

#include <signet/testing/forked_peer.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace signet::sync {
namespace {

class Structure : public ::testing::Test {
protected:
    using numbers = std::vector<int, region_allocator<int>>;

    testing::temporary_directory place_;
    region_options where_{.directory = place_.path()};
};

TEST_F(Structure, GrowsInAForkedChildThatMapsTheRegionWhereItsParentDid) {
    const region shop{"shop", where_};
    testing::forked_peer child{[&] {
        const region again{"shop", where_};
        structure<numbers> list{again, "list"};
        list->push_back(7);
        return again.core()->words().begin() == shop.core()->words().begin() ? 0 : 1;
    }};
    EXPECT_EQ(child.exit_code(), 0);
    EXPECT_EQ(structure<numbers>(shop, "list")->front(), 7);
}

}  // namespace
}  // namespace signet::sync
