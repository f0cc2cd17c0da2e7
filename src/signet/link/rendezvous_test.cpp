// SPDX-License-Identifier: Apache-2.0
#include <signet/link/rendezvous.hpp>

#include <signet/base/error.hpp>
#include <signet/life/rendezvous_directory.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace signet::link {
namespace {

using testing::complaint_of;
using testing::watchdog;

constexpr listing one{role::publisher, 1, 10};
constexpr listing two{role::subscriber, 2, 20};

class Rendezvous : public ::testing::Test {
protected:
    std::string complaint(const std::string& path) {
        return complaint_of([&] { rendezvous{path}; });
    }

    std::ptrdiff_t entries(const std::string& below) const {
        const std::filesystem::directory_iterator all{root_.path() + "/" + below};
        return std::distance(begin(all), end(all));
    }

    /// A context that was killed: its names are there, and nobody listens.
    void leave_a_dead_one(const listing& who) {
        const auto listener = place_.listen(who.context);
        place_.enter("t", who);
    }

    testing::temporary_directory root_;
    rendezvous place_{root_.path()};
};

TEST_F(Rendezvous, WhoIsOnTheListIsFound) {
    const auto a = place_.listen(one.context);
    const auto b = place_.listen(two.context);
    place_.enter("t", one);
    place_.enter("t", two);
    auto all = place_.list("t");
    std::sort(all.begin(), all.end(), [](auto& x, auto& y) { return x.context < y.context; });
    EXPECT_EQ(all, (std::vector{one, two}));
}

TEST_F(Rendezvous, ATopicNobodyIsInHasAnEmptyList) {
    EXPECT_TRUE(place_.list("nobody/here").empty());
}

TEST_F(Rendezvous, SlashesInNamesAreKept) {
    const auto a = place_.listen(one.context);
    place_.enter("robot/arm/pose", one);
    EXPECT_EQ(place_.topics(), std::vector<std::string>{"robot/arm/pose"});
    EXPECT_EQ(place_.list("robot/arm/pose").size(), 1u);
}

TEST_F(Rendezvous, TheFolderGoesWithTheLastName) {
    const auto a = place_.listen(one.context);
    place_.enter("t", one);
    place_.leave("t", one);
    EXPECT_TRUE(place_.topics().empty());
}

TEST_F(Rendezvous, OneThatListensIsReached) {
    auto a = place_.listen(one.context);
    place_.enter("t", one);
    EXPECT_TRUE(place_.connect("t", one, after(watchdog)));
    EXPECT_TRUE(a.try_accept());
}

TEST_F(Rendezvous, TheNamesOfADeadOneAreRemovedByWhoMeetsIt) {
    leave_a_dead_one(one);
    EXPECT_FALSE(place_.connect("t", one, after(watchdog)));
    EXPECT_TRUE(place_.list("t").empty());
    EXPECT_EQ(entries("sockets"), 0);
    EXPECT_EQ(entries("publishers"), 0);
}

TEST_F(Rendezvous, ASweepRemovesDeadSocketsAndNoOthers) {
    leave_a_dead_one(one);
    const auto alive = place_.listen(two.context);
    place_.sweep();
    EXPECT_EQ(entries("sockets"), 1);
}

TEST_F(Rendezvous, ASweepRemovesTheNamesOfTheDeadUnderTopicsThatNobodyAsksFor) {
    leave_a_dead_one(one);
    place_.sweep();
    EXPECT_TRUE(place_.topics().empty());
}

TEST_F(Rendezvous, ASweepKeepsTheNamesOfTheLiving) {
    const auto alive = place_.listen(one.context);
    place_.enter("t", one);
    place_.sweep();
    EXPECT_EQ(place_.list("t"), std::vector{one});
}

TEST_F(Rendezvous, ASweepLeavesWhatIsNotOurs) {
    std::ofstream{root_.path() + "/sockets/readme"} << "text";
    place_.sweep();
    EXPECT_EQ(entries("sockets"), 1);
}

TEST_F(Rendezvous, NamesThatAreNoListingsAreIgnored) {
    const auto a = place_.listen(one.context);
    place_.enter("t", one);
    for (const char* name : {"x", "p-1-2", "q-0000000000000001-000000000000000a",
                             "p-000000000000000g-000000000000000a"}) {
        std::ofstream{root_.path() + "/publishers/t/" + name} << "text";
    }
    EXPECT_EQ(place_.list("t"), std::vector{one});
}

constexpr listing three{role::subscriber, 3, 30};

/// The lists that the counterparts of somebody were found on.
std::vector<std::string> lists_of(const std::vector<named_listing>& found) {
    std::vector<std::string> names;
    for (const named_listing& each : found) names.push_back(each.name);
    return names;
}

TEST_F(Rendezvous, APublisherMeetsTheSubscribersOfItsNameAndOfPatternsThatMatch) {
    const auto a = place_.listen(two.context);
    const auto b = place_.listen(three.context);
    place_.enter("robot/pose", two);
    for (const char* pattern : {"robot/*", "**", "robot/*/pose"}) place_.enter(pattern, three);
    EXPECT_EQ(lists_of(place_.counterparts("robot/pose", role::publisher)),
              (std::vector<std::string>{"robot/pose", "**", "robot/*"}));
}

TEST_F(Rendezvous, ASubscriberOfAPatternMeetsThePublishersOfAllTopicsThatMatch) {
    const auto a = place_.listen(one.context);
    for (const char* topic : {"robot/pose", "robot/arm/pose", "car/pose"}) place_.enter(topic, one);
    EXPECT_EQ(lists_of(place_.counterparts("robot/**", role::subscriber)),
              (std::vector<std::string>{"robot/arm/pose", "robot/pose"}));
    EXPECT_EQ(place_.counterparts("robot/*", role::subscriber).size(), 1u);
}

TEST_F(Rendezvous, SubscribersOfATopicDoNotMeetEachOther) {
    const auto a = place_.listen(two.context);
    place_.enter("t", two);
    EXPECT_TRUE(place_.counterparts("t", role::subscriber).empty());
    EXPECT_EQ(place_.counterparts("t", role::publisher).size(), 1u);
}

TEST_F(Rendezvous, PatternsAreListedApartFromTopics) {
    const auto a = place_.listen(two.context);
    place_.enter("robot/**", two);
    place_.enter("t", two);
    EXPECT_EQ(place_.patterns(), std::vector<std::string>{"robot/**"});
    EXPECT_EQ(place_.topics(), std::vector<std::string>{"t"});
    EXPECT_EQ(place_.list("robot/**"), std::vector{two});
}

TEST_F(Rendezvous, ASweepRemovesThePatternsOfTheDead) {
    {
        const auto listener = place_.listen(two.context);
        place_.enter("robot/*", two);
    }
    place_.sweep();
    EXPECT_EQ(entries("patterns"), 0);
}

TEST_F(Rendezvous, ADeadSubscriberOfAPatternIsRemovedByWhoMeetsIt) {
    {
        const auto listener = place_.listen(two.context);
        place_.enter("robot/*", two);
    }
    EXPECT_FALSE(place_.connect("robot/*", two, after(watchdog)));
    EXPECT_EQ(entries("patterns"), 0);
}

TEST_F(Rendezvous, WhoEntersWithoutListeningIsTold) {
    EXPECT_THROW(place_.enter("t", one), error);
    EXPECT_TRUE(place_.list("t").empty());
}

TEST_F(Rendezvous, ANameDoesNotLeaveTheDirectory) {
    const auto a = place_.listen(one.context);
    EXPECT_THROW(place_.enter("..", one), contract_violation);  // the door lets none through
    EXPECT_FALSE(std::filesystem::exists(root_.path() + "/p-0000000000000001-000000000000000a"));
}

TEST_F(Rendezvous, ADirectoryOfAnotherUserIsNotTrusted) {
    if (geteuid() != 0) GTEST_SKIP() << "takes root";
    ASSERT_EQ(chown(root_.path().c_str(), 4321, 4321), 0);
    const std::string text = complaint(root_.path());
    EXPECT_NE(text.find("it belongs to user 4321, not to you; set SIGNET_DIR"), std::string::npos)
        << text;
}

TEST_F(Rendezvous, ADirectoryThatOthersMayEnterIsNotTrusted) {
    ASSERT_EQ(chmod(root_.path().c_str(), 0711), 0);
    const std::string text = complaint(root_.path());
    EXPECT_NE(text.find("make it private with chmod 700"), std::string::npos) << text;
}

TEST_F(Rendezvous, ADirectoryThatCannotBeMadeIsNamed) {
    const std::string text = complaint("/proc/nowhere/at/all");
    EXPECT_NE(text.find("/proc/nowhere/at/all"), std::string::npos) << text;
}

TEST_F(Rendezvous, TheEnvironmentChoosesThePlace) {
    ASSERT_EQ(setenv("SIGNET_DIR", "/some/where", 1), 0);
    EXPECT_EQ(life::default_rendezvous_path(), "/some/where");
    ASSERT_EQ(setenv("SIGNET_DIR", "", 1), 0);
    EXPECT_EQ(life::default_rendezvous_path(), "/dev/shm/signet-" + std::to_string(geteuid()));
}

}  // namespace
}  // namespace signet::link
