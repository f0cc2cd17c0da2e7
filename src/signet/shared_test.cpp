// SPDX-License-Identifier: Apache-2.0
#include <signet/shared.hpp>

#include <signet/sync.hpp>
#include <signet/sync/region_core.hpp>
#include <signet/testing/in_region.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

namespace signet {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::in_region;
using testing::mistake_of;
using testing::region_peer;
using testing::watched_thread;

struct counters {
    std::uint64_t total;
    std::uint64_t last;
};

struct other {
    std::uint64_t total;
    std::uint32_t last;
};

/// Too large to be changed on a copy.
struct table {
    std::array<std::uint64_t, 10000> cells;
};

class Shared : public in_region {
protected:
    Shared() { where_.bytes = 1 << 20; }

    template <class T>
    static void die_in_the_middle(const region& shop, const region_peer::say& says) {
        shared<T> object{shop, "object"};
        object.with([&](T& value) {
            *reinterpret_cast<std::uint64_t*>(&value) = 1;
            says();
            testing::wait_to_be_killed();
        });
    }
};

TEST_F(Shared, WhatOneChangesTheOtherReads) {
    const region here = open();
    const region there = open();
    shared<counters> ours{here, "hits"};
    shared<counters> theirs{there, "hits", {.initial = {7, 7}}};
    EXPECT_EQ(theirs.read().last, 0U);
    ours.with([](counters& c) { c = {1, 2}; });
    EXPECT_EQ(theirs.read().last, 2u);
    EXPECT_EQ(ours.with([](counters& c) { return ++c.total; }), 2U);
}

TEST_F(Shared, AnotherLayoutIsAnErrorThatNamesTheField) {
    const region shop = open();
    const shared<counters> ours{shop, "hits"};
    const std::string complaint = complaint_of([&] { shared<other>{shop, "hits"}; });
    EXPECT_NE(complaint.find("last"), std::string::npos) << complaint;
}

TEST_F(Shared, IsReadAsItWasAtOneInstantWhileOthersChangeIt) {
    const region shop = open();
    shared<counters> hits{shop, "hits"};
    std::atomic<bool> over{false};
    std::jthread reader{[&] {
        while (!over) {
            const counters seen = hits.read();
            EXPECT_EQ(seen.total, seen.last);
        }
    }};
    std::vector<std::jthread> writers;
    for (int i = 0; i < 2; ++i) {
        writers.emplace_back([&] {
            for (int round = 0; round < 5000; ++round) {
                hits.with([](counters& c) { ++c.total, ++c.last; });
            }
        });
    }
    writers.clear();
    over = true;
    EXPECT_EQ(hits.read().total, 10000U);
}

TEST_F(Shared, AChangeThatThrowsOnACopyChangesNothing) {
    const region shop = open();
    shared<counters> hits{shop, "hits"};
    const auto fail = [](counters& c) {
        c.total = 5;
        throw std::runtime_error{"no"};
    };
    EXPECT_THROW(hits.with(fail), std::runtime_error);
    EXPECT_EQ(hits.read().total, 0U);
}

TEST_F(Shared, IsWaitedFor) {
    const testing::without_backstop alone;
    const region shop = open();
    shared<counters> hits{shop, "hits"};
    watched_thread waits{
        [&] { EXPECT_EQ(hits.wait([](const counters& c) { return c.total == 2; }).last, 9U); }};
    EXPECT_TRUE(waits.falls_asleep());
    hits.with([](counters& c) { c = {1, 8}; });
    hits.with([](counters& c) { c = {2, 9}; });
}

TEST_F(Shared, IsWaitedForUntilADeadlineOrAStop) {
    const region shop = open();
    shared<counters> hits{shop, "hits"};
    const auto never_holds = [](const counters&) { return false; };
    EXPECT_FALSE(hits.wait_for(2ms, never_holds));
    EXPECT_TRUE(hits.wait_for(0ms, [](const counters&) { return true; }));
    std::stop_source stop;
    watched_thread waits{[&] { EXPECT_FALSE(hits.wait(stop.get_token(), never_holds)); }};
    EXPECT_TRUE(waits.falls_asleep());
    stop.request_stop();
}

TEST_F(Shared, ADeathInTheMiddleLeavesTheOldValue) {
    region_peer dies{where_, &die_in_the_middle<counters>};
    EXPECT_TRUE(dies.has_said());
    const region shop = open();
    shared<counters> object{shop, "object"};
    EXPECT_EQ(object.read().total, 0U);  // and no reader waits for a writer
    dies.kill();
    EXPECT_EQ(object.with([](counters& c) { return c.total; }), 0U);
}

TEST_F(Shared, ADeathInTheMiddleOfALargeOneIsTold) {
    region_peer dies{where_, &die_in_the_middle<table>};
    EXPECT_TRUE(dies.has_said());
    dies.kill();
    const region shop = open();
    const auto object = std::make_unique<shared<table>>(shop, "object");
    for (int i = 0; i < 2; ++i) {
        EXPECT_NE(complaint_of([&] { object->read(); }).find("owner died"), std::string::npos);
    }
    object->repair([](table& t) { t.cells[0] = 7; });
    EXPECT_EQ(object->read().cells[0], 7U);
}

TEST_F(Shared, WhoWaitsForALargeOneIsToldOfADeathInTheMiddle) {
    region_peer dies{where_, [](const region& shop, const region_peer::say& says) {
                         says.until_told();
                         die_in_the_middle<table>(shop, says);
                     }};
    const region shop = open();
    const auto object = std::make_unique<shared<table>>(shop, "object");
    std::string complaint;
    watched_thread waits{[&] {
        complaint = complaint_of([&] { object->wait([](const table& t) { return t.cells[1]; }); });
    }};
    EXPECT_TRUE(waits.falls_asleep());
    dies.tell();
    EXPECT_TRUE(dies.has_said());
    dies.kill();
    waits.join();
    EXPECT_NE(complaint.find("owner died"), std::string::npos) << complaint;
}

TEST_F(Shared, ADeathInTheMiddleOfALargeOneIsRepairedByAHook) {
    region_peer dies{where_, &die_in_the_middle<table>};
    EXPECT_TRUE(dies.has_said());
    dies.kill();
    const region shop = open();
    const auto mend = [](table& t) { t.cells[0] += 10; };
    const auto object =
        std::make_unique<shared<table>>(shop, "object", shared_options<table>{.repair = mend});
    EXPECT_EQ(object->read().cells[0], 11U);
    EXPECT_EQ(object->read().cells[0], 11U);
}

TEST_F(Shared, IsNotChangedFromWithinAChange) {
    const region shop = open();
    shared<counters> hits{shop, "hits"};
    EXPECT_EQ(mistake_of([&] { hits.with([&](counters&) { hits.with([](counters&) {}); }); }),
              "change shared object 'hits' from within a change of it");
    hits.with([](counters&) {});
}

TEST_F(Shared, RefusesAForkedChild) {
    const region shop = open();
    shared<counters> hits{shop, "hits"};
    const int code = testing::exit_code_of_forked([&] {
        const bool reads = complaint_of([&] { hits.read(); }) != "no error";
        const bool changes = complaint_of([&] { hits.with([](counters&) {}); }) != "no error";
        const auto wait = [&] { hits.wait([](const counters&) { return true; }); };
        return reads && changes && complaint_of(wait) != "no error" ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(Shared, WithADamagedSizeIsRefused) {
    const region shop = open();
    shared<counters>{shop, "hits"};
    std::byte* const object = shop.core()->objects().at(0).where;
    auto& value_bytes = *reinterpret_cast<std::uint64_t*>(object + 16);
    for (const std::uint64_t wrong : {0UL, 8UL, 17UL, 64UL, 1UL << 20, ~0UL}) {
        value_bytes = wrong;
        EXPECT_NE(complaint_of([&] { shared<counters>(shop, "hits"); }).find("damaged"),
                  std::string::npos)
            << wrong;
    }
}

}  // namespace
}  // namespace signet
