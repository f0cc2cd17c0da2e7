// SPDX-License-Identifier: Apache-2.0
#include <signet/structure.hpp>

#include <signet/sync.hpp>
#include <signet/testing/in_region.hpp>

#include <gtest/gtest.h>

#include <functional>

namespace signet {
namespace {

using testing::complaint_of;
using testing::in_region;
using testing::region_peer;

/// A list of numbers, as a container of this region would be.
struct stack {
    using allocator_type = region_allocator<std::uint64_t>;

    struct node {
        std::uint64_t value;
        offset_ptr<node> next;
    };

    explicit stack(const allocator_type& from) : nodes{from} {
        if (at_birth) at_birth(*this);
    }

    void push(std::uint64_t value) {
        const offset_ptr<node> fresh = nodes.allocate(1);
        new (fresh.get()) node{value, top};
        top = fresh;
    }

    static inline std::function<void(stack&)> at_birth{};

    region_allocator<node> nodes;
    offset_ptr<node> top{};
};

class Structure : public in_region {};

TEST_F(Structure, IsOneForAllWhoOpenIt) {
    const region shop = open();
    const region other = open();
    structure<stack> ours{shop, "stack"};
    ours->push(1);
    ours->push(2);
    const structure<stack> theirs{other, "stack"};
    EXPECT_EQ(theirs->top->value, 2U);
    EXPECT_EQ(theirs->top->next->value, 1U);
    EXPECT_FALSE(theirs->top->next->next);
}

TEST_F(Structure, ThatIsRebuiltGivesBackAllItHad) {
    const region shop = open();
    structure<stack> list{shop, "stack"};
    const auto empty = shop.account();
    for (std::uint64_t i = 0; i < 100; ++i) list->push(i);
    EXPECT_EQ(shop.account().used_blocks, empty.used_blocks + 100);
    list.rebuild();
    EXPECT_EQ(shop.account().used_blocks, empty.used_blocks);
    EXPECT_FALSE(list->top);
}

TEST_F(Structure, IsBuiltAnewWithoutALeakWhereItsBuilderDied) {
    region_peer dies{where_, [](const region& shop, const region_peer::say& says) {
                         stack::at_birth = [&](stack& fresh) {
                             fresh.push(1);
                             says();
                             testing::wait_to_be_killed();
                         };
                         structure<stack>{shop, "stack"};
                     }};
    EXPECT_TRUE(dies.has_said());
    dies.kill();
    const region shop = open();
    const structure<stack> list{shop, "stack"};
    EXPECT_FALSE(list->top);
    EXPECT_EQ(shop.account().used_blocks, 1U);
}

TEST_F(Structure, OfAnotherTypeIsRefused) {
    const region shop = open();
    structure<stack>{shop, "stack"};
    EXPECT_NE(complaint_of([&] { structure<int>(shop, "stack"); }).find("for another type"),
              std::string::npos);
}

TEST_F(Structure, HasNoMoreRoomThanItsRegion) {
    const region shop = open();
    structure<stack> list{shop, "stack"};
    const auto fill = [&] {
        while (true) list->push(1);
    };
    EXPECT_NE(complaint_of(fill).find("create the region with more bytes"), std::string::npos);
    list.rebuild();
    list->push(1);
}

TEST_F(Structure, TakesABlockBackOnce) {
    const region shop = open();
    structure<stack> list{shop, "stack"};
    const offset_ptr<stack::node> one = list->nodes.allocate(1);
    list->nodes.deallocate(one, 1);
    EXPECT_THROW(list->nodes.deallocate(one, 1), error);
    EXPECT_THROW(list->nodes.allocate(SIZE_MAX), std::bad_alloc);
}

}  // namespace
}  // namespace signet
