// SPDX-License-Identifier: Apache-2.0
#include <signet/observe/regions.hpp>

#include <signet/os/process.hpp>
#include <signet/shared.hpp>
#include <signet/structure.hpp>
#include <signet/sync.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <shared_mutex>

namespace signet::observe {

struct observed_value {
    std::uint64_t number;
};

namespace {

using testing::eventually;

class Regions : public ::testing::Test {
protected:
    std::vector<region_view> seen() const { return regions_in(place_.path()); }
    region_view only() const { return seen().at(0); }

    /// The first object of the first region.
    region_object object() const { return only().objects.at(0); }

    std::string file_of(const std::string& name) const {
        return place_.path() + "/regions/" + name;
    }
    std::string bytes_of(const std::string& name) const {
        std::ifstream in{file_of(name), std::ios::binary};
        return {std::istreambuf_iterator<char>{in}, {}};
    }
    void write(const std::string& name, std::streamoff at, const std::string& bytes) const {
        std::fstream out{file_of(name), std::ios::in | std::ios::out | std::ios::binary};
        out.seekp(at);
        out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }

    testing::temporary_directory place_;
    region_options where_{.directory = place_.path()};
};

TEST_F(Regions, AreNoneInADirectoryThatDoesNotExist) {
    EXPECT_TRUE(regions_in(place_.path() + "/none").empty());
    EXPECT_TRUE(seen().empty());
}

TEST_F(Regions, HaveTheirNamesSizesAndSeats) {
    const region one{"robot/state", {.directory = place_.path(), .bytes = 1 << 18, .seats = 7}};
    const region_view found = only();
    EXPECT_EQ(found.name, "robot/state");
    EXPECT_EQ(found.problem, "");
    EXPECT_EQ(found.bytes, 1u << 18);
    EXPECT_EQ(found.seats, 7u);
    EXPECT_EQ(found.used_bytes, one.account().used_bytes);
    EXPECT_EQ(found.free_bytes, one.account().free_bytes);
}

TEST_F(Regions, TellWhoHasThemOpen) {
    const region one{"shop", where_};
    const std::vector<region_user> users = only().users;
    ASSERT_EQ(users.size(), 1u);
    EXPECT_EQ(users[0].pid, os::current_pid());
    EXPECT_EQ(users[0].command, os::command_name(os::current_pid()));
    EXPECT_TRUE(users[0].alive);
    EXPECT_GT(users[0].since_ns, 0u);
}

TEST_F(Regions, AreNotWrittenByWhoLooks) {
    const region one{"shop", where_};
    mutex till{one, "till"};
    const std::string before = bytes_of("shop");
    seen();
    EXPECT_EQ(bytes_of("shop"), before);
}

TEST_F(Regions, TellOfAMutexWhoHasIt) {
    const region one{"shop", where_};
    mutex till{one, "till"};
    EXPECT_FALSE(object().owner);
    const std::scoped_lock mine{till};
    const region_object found = object();
    EXPECT_EQ(found.kind, memory::object_kind::mutex);
    EXPECT_EQ(found.name, "till");
    ASSERT_TRUE(found.owner);
    EXPECT_EQ(found.owner->pid, os::current_pid());
    EXPECT_FALSE(found.waited_for);
}

TEST_F(Regions, TellOfAMutexThatLendsPriorityWhoHasIt) {
    const region one{"shop", where_};
    mutex till{one, "till", {.priority = lock_priority::lent}};
    EXPECT_FALSE(object().owner);
    const std::scoped_lock mine{till};
    EXPECT_EQ(object().state, "lends priority");
    ASSERT_TRUE(object().owner);
    EXPECT_EQ(object().owner->pid, os::current_pid());
}

TEST_F(Regions, TellThatSomebodyWaits) {
    testing::forked_peer other{[&]() -> int {
        const region shop{"shop", where_};
        event{shop, "go"}.wait();
        mutex till{shop, "till"};
        const std::scoped_lock mine{till};
        return 0;
    }};
    const region shop{"shop", where_};
    event go{shop, "go"};
    mutex till{shop, "till"};
    std::unique_lock mine{till};
    go.set();
    EXPECT_TRUE(eventually([&] {
        const std::vector<region_object> all = only().objects;
        return std::any_of(all.begin(), all.end(),
                           [](const region_object& o) { return o.name == "till" && o.waited_for; });
    }));
    mine.unlock();
    EXPECT_EQ(other.exit_code(), 0);
}

TEST_F(Regions, TellOfADeadOwnerUntilItIsSwept) {
    testing::forked_peer other{[&]() -> int {
        const region shop{"shop", where_};
        mutex till{shop, "till"};
        till.lock();
        testing::wait_to_be_killed();
    }};
    ASSERT_TRUE(eventually([&] {
        const auto all = seen();
        return !all.empty() && !all[0].objects.empty() && all[0].objects[0].owner;
    }));
    EXPECT_TRUE(object().owner->alive);
    other.kill();
    EXPECT_FALSE(object().owner->alive);
    EXPECT_EQ(object().owner->pid, other.pid());
    const region shop{"shop", where_};
    EXPECT_FALSE(object().owner);
    EXPECT_TRUE(object().inherited);
}

TEST_F(Regions, TellWhatEachKindSays) {
    const region shop{"shop", where_};
    semaphore permits{shop, "permits", 3};
    EXPECT_EQ(object().state, "3 permits");
    permits.acquire();
    EXPECT_EQ(object().state, "2 permits");
}

TEST_F(Regions, TellWhetherAnEventIsSet) {
    const region shop{"shop", where_};
    event bell{shop, "bell"};
    EXPECT_EQ(object().state, "not set");
    bell.set();
    EXPECT_EQ(object().state, "set");
}

TEST_F(Regions, TellHowManyRead) {
    const region shop{"shop", where_};
    shared_mutex prices{shop, "prices"};
    const std::shared_lock one{prices};
    EXPECT_EQ(object().state, "1 reader");
    EXPECT_FALSE(object().owner);
}

TEST_F(Regions, TellWhoWritesUnderASharedMutex) {
    const region shop{"shop", where_};
    shared_mutex prices{shop, "prices"};
    const std::scoped_lock one{prices};
    ASSERT_TRUE(object().owner);
    EXPECT_EQ(object().owner->pid, os::current_pid());
}

TEST_F(Regions, TellWhetherSomethingWasDone) {
    const region shop{"shop", where_};
    once_flag opened{shop, "opened"};
    EXPECT_EQ(object().state, "not done");
    opened.call([&] {
        EXPECT_EQ(object().state, "under way");
        EXPECT_EQ(object().owner->pid, os::current_pid());
    });
    EXPECT_EQ(object().state, "done");
    EXPECT_FALSE(object().owner);
}

TEST_F(Regions, TellWhoIsAtABarrier) {
    const region shop{"shop", where_};
    barrier alone{shop, "alone", 1};
    alone.arrive_and_wait();
    EXPECT_EQ(object().state, "round 1, 1 of 1 are there");
}

TEST_F(Regions, TellHowManyPermitsAPoolHas) {
    const region shop{"shop", where_};
    permit_pool pool{shop, "pool", 20};
    pool.acquire();
    EXPECT_EQ(object().state, "19 of 20 permits");
}

TEST_F(Regions, TellHowOftenASharedObjectChanged) {
    const region shop{"shop", where_};
    shared<observed_value> hits{shop, "hits"};
    hits.with([&](observed_value& value) {
        ++value.number;
        EXPECT_EQ(object().owner->pid, os::current_pid());
    });
    EXPECT_EQ(object().state, "1 change");
    EXPECT_FALSE(object().owner);
}

TEST_F(Regions, TellWhetherAStructureIsBuilt) {
    const region shop{"shop", where_};
    const structure<std::array<int, 4>> list{shop, "list"};
    EXPECT_EQ(object().kind, memory::object_kind::structure);
    EXPECT_EQ(object().state, "built");
}

TEST_F(Regions, ThatAreNoneAreToldAsSuch) {
    {
        const region shop{"shop", where_};
    }
    write("shop", 0, "nonsense");
    EXPECT_EQ(only().problem, "it is no region");
}

TEST_F(Regions, ThatWereCutShortAreToldAsDamaged) {
    {
        const region shop{"shop", where_};
    }
    std::filesystem::resize_file(file_of("shop"), 8192);
    EXPECT_NE(only().problem.find("should have"), std::string::npos) << only().problem;
    std::filesystem::resize_file(file_of("shop"), 10);
    EXPECT_EQ(only().problem, "it is too short to be a region");
}

TEST_F(Regions, WithADamagedEntryAreToldAsDamaged) {
    memory::region_geometry shape;
    {
        const region shop{"shop", where_};
        const mutex till{shop, "till"};
        shape = {1 << 20, 64, 256};
    }
    write("shop", static_cast<std::streamoff>(shape.objects_offset() + 40), "soil");
    EXPECT_EQ(only().problem, "entry 0 of its directory is damaged");
    EXPECT_TRUE(only().objects.empty());
}

TEST_F(Regions, WithADamagedHeapAreToldAsDamaged) {
    {
        const region shop{"shop", where_};
    }
    const memory::region_geometry shape{1 << 20, 64, 256};
    write("shop", static_cast<std::streamoff>(shape.heap_offset() + 4416), "\x07");
    EXPECT_EQ(only().problem, "its heap contradicts itself");
    EXPECT_FALSE(only().used_bytes);
}

TEST_F(Regions, WhateverStandsInThemAreLookedAt) {
    {
        const region shop{"shop",
                          {.directory = place_.path(), .bytes = 1 << 16, .seats = 4, .objects = 8}};
        const shared_mutex prices{shop, "prices"};
        const barrier at{shop, "at", 3};
    }
    const std::string sound = bytes_of("shop");
    for (std::size_t at = 0; at < sound.size(); at += 7) {
        write("shop", static_cast<std::streamoff>(at),
              std::string(1, static_cast<char>(~sound[at])));
        EXPECT_EQ(seen().size(), 1u);
        write("shop", static_cast<std::streamoff>(at), sound.substr(at, 1));
    }
}

}  // namespace
}  // namespace signet::observe
