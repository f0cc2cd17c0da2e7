// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/once_flag.hpp>

#include <signet/testing/in_region.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace signet::sync {
namespace {

using namespace std::chrono_literals;
using testing::in_region;
using testing::region_peer;
using testing::watched_thread;

class OnceFlag : public in_region {
protected:
    static void begin(const region& shop, const region_peer::say& says) {
        once_flag open_shop{shop, "open"};
        open_shop.call([&] {
            says();
            testing::wait_to_be_killed();
        });
    }
};

TEST_F(OnceFlag, IsDoneOnceByOneOfMany) {
    const testing::without_backstop alone;
    const region shop = open();
    once_flag open_shop{shop, "open"};
    std::atomic<int> done{0};
    std::atomic<int> did{0};
    {
        std::vector<std::jthread> all;
        for (int i = 0; i < 5; ++i) {
            all.emplace_back([&] {
                if (open_shop.call([&] { ++done; })) ++did;
                EXPECT_EQ(done, 1);
            });
        }
    }
    EXPECT_EQ(did, 1);
    EXPECT_TRUE(open_shop.done());
}

TEST_F(OnceFlag, IsDoneByTheNextOneWhereAFunctionThrows) {
    const region shop = open();
    once_flag open_shop{shop, "open"};
    EXPECT_THROW(open_shop.call([] { throw std::runtime_error{"no key"}; }), std::runtime_error);
    EXPECT_FALSE(open_shop.done());
    EXPECT_TRUE(open_shop.call([] {}));
    EXPECT_FALSE(open_shop.call([] {}));
}

TEST_F(OnceFlag, PassesToASleeperWhereAFunctionThrows) {
    const testing::without_backstop alone;
    const region shop = open();
    once_flag open_shop{shop, "open"};
    std::unique_ptr<watched_thread> waits;
    const auto fail = [&] {
        waits = std::make_unique<watched_thread>([&] { EXPECT_TRUE(open_shop.call([] {})); });
        EXPECT_TRUE(waits->falls_asleep());
        throw std::runtime_error{"no key"};
    };
    EXPECT_THROW(open_shop.call(fail), std::runtime_error);
}

TEST_F(OnceFlag, IsDoneAnewWhereTheOneAtItDied) {
    region_peer dies{where_, &begin};
    EXPECT_TRUE(dies.has_said());
    dies.kill();
    const region shop = open();
    once_flag open_shop{shop, "open"};
    EXPECT_FALSE(open_shop.done());
    EXPECT_TRUE(open_shop.call([] {}));
}

TEST_F(OnceFlag, IsDoneAnewByASleeperWhereTheOneAtItDies) {
    region_peer dies{where_, &begin};
    const testing::without_backstop alone;
    const region shop = open();
    once_flag open_shop{shop, "open"};
    EXPECT_TRUE(dies.has_said());
    watched_thread waits{[&] { EXPECT_TRUE(open_shop.call([] {})); }};
    EXPECT_TRUE(waits.falls_asleep());
    dies.kill();
}

TEST_F(OnceFlag, StaysDoneWhereWhoDidItDies) {
    region_peer dies{where_, [](const region& shop, const region_peer::say& says) {
                         once_flag{shop, "open"}.call([] {});
                         says();
                     }};
    EXPECT_TRUE(dies.has_said());
    dies.kill();
    const region shop = open();
    EXPECT_FALSE(once_flag(shop, "open").call([] {}));
}

TEST_F(OnceFlag, RefusesAForkedChild) {
    const region shop = open();
    once_flag open_shop{shop, "open"};
    const int code = testing::exit_code_of_forked([&] {
        const auto call = [&] { open_shop.call([] {}); };
        const bool calls = testing::complaint_of(call) != "no error";
        const bool looks = testing::complaint_of([&] { open_shop.done(); }) != "no error";
        return calls && looks ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace signet::sync
