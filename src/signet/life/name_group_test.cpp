// SPDX-License-Identifier: Apache-2.0
#include <signet/life/name_group.hpp>

#include <signet/base/error.hpp>
#include <signet/os/name_lock.hpp>
#include <signet/os/unix_listener.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>

namespace signet::life {
namespace {

using testing::complaint_of;
using testing::forked_peer;

class NameGroups : public ::testing::Test {
protected:
    struct one {
        std::unique_ptr<group_member> member;
        std::optional<os::seqpacket_listener> socket;
    };

    /// `meanwhile` is done each time that its socket is there and has no name yet.
    one join(const std::function<void()>& meanwhile = [] {}) {
        one made;
        const auto listens = [&](const os::directory& at, const std::string& name) {
            made.socket.emplace(at, name);
            meanwhile();
        };
        made.member = group_member::join(place_, "name", "shm://name", listens);
        return made;
    }

    std::unique_ptr<forked_peer> member_of_another_process() {
        auto peer = std::make_unique<forked_peer>([this] {
            const one self = join();
            testing::wait_to_be_killed();
            return 0;
        });
        EXPECT_TRUE(peer->await());
        return peer;
    }

    /// Who opened; empty: nobody.
    std::string reached() {
        std::string who;
        const auto knock = [&](const std::string& member, deadline until) {
            if (!os::seqpacket_socket::connect(group().folder(), member, until)) return false;
            who = member;
            return true;
        };
        return group().reach_any(knock, deadline::min()) ? who : "";
    }

    name_group group() const { return *name_group::find(place_, "name"); }

    testing::temporary_directory root_;
    os::directory place_ = os::directory::open(root_.path());
};

TEST_F(NameGroups, ListTheirMembersByAge) {
    const one a = join();
    const one b = join();
    EXPECT_EQ(group().members(), (std::vector{a.member->id(), b.member->id()}));
}

TEST_F(NameGroups, HaveOneComeAgainWhereANewerOneCameMeanwhile) {
    std::vector<one> newer;
    int tries = 0;
    const one slow = join([&] {
        if (++tries > 1) return;
        newer.push_back(join());
        newer.push_back(join());
    });
    EXPECT_EQ(tries, 2);
    EXPECT_EQ(group().members().back(), slow.member->id());
    EXPECT_EQ(group().members().size(), 3u);
}

TEST_F(NameGroups, DoNotSweepOneThatIsOnItsWay) {
    int tries = 0;
    const one self = join([&] {
        ++tries;
        EXPECT_TRUE(group().sweep());
    });
    EXPECT_EQ(tries, 1);
    EXPECT_EQ(reached(), self.member->id());
}

TEST_F(NameGroups, LeaveNothingWhenTheLastOneEnds) {
    {
        const one a = join();
        const one b = join();
    }
    EXPECT_TRUE(place_.list().empty());
}

TEST_F(NameGroups, ReachEachOfTheirMembers) {
    const one a = join();
    const one b = join();
    std::set<std::string> found;
    while (found.size() < 2) found.insert(reached());
    EXPECT_EQ(found, (std::set{a.member->id(), b.member->id()}));
}

TEST_F(NameGroups, PassOverTheDeadAndForgetThem) {
    member_of_another_process()->kill();
    const one b = join();
    EXPECT_EQ(reached(), b.member->id());
    EXPECT_EQ(group().members(), std::vector{b.member->id()});
}

TEST_F(NameGroups, AreGoneWithTheLastOfTheDeadThatIsMet) {
    member_of_another_process()->kill();
    EXPECT_EQ(reached(), "");
    EXPECT_TRUE(place_.list().empty());
}

TEST_F(NameGroups, ReachWhoHasRoomBeforeWhoHasNone) {
    one full;
    full.member = group_member::join(
        place_, "name", "shm://name", [&](const os::directory& at, const std::string& name) {
            full.socket.emplace(at, name, os::seqpacket_listener::private_mode, 0);
        });
    const auto fill = [&] { reached(); };
    while (complaint_of(fill) == "no error") continue;
    const one b = join();
    for (int i = 0; i < 10; ++i) EXPECT_EQ(reached(), b.member->id());
}

TEST_F(NameGroups, AreRefusedWhereSomebodyOwnsTheName) {
    const os::name_lock owner{place_, "name"};
    EXPECT_NE(complaint_of([&] { join(); }).find("does not share the name"), std::string::npos);
    EXPECT_EQ(place_.list(), std::vector<std::string>{"name.lock"});
}

TEST_F(NameGroups, KeepAnOwnerAwayAsLongAsOneLives) {
    const auto own = [&] { require_no_group(place_, "name", "shm://name"); };
    auto other = member_of_another_process();
    EXPECT_NE(complaint_of(own).find("processes that share the name"), std::string::npos);
    other->kill();
    EXPECT_EQ(complaint_of(own), "no error");
    EXPECT_TRUE(place_.list().empty());
}

TEST_F(NameGroups, AreNotFoundWhereOthersMayEnter) {
    const one a = join();
    chmod((root_.path() + "/name~shared").c_str(), 0755);
    EXPECT_FALSE(name_group::find(place_, "name"));
    EXPECT_NE(complaint_of([&] { join(); }).find("lets others in"), std::string::npos);
}

TEST_F(NameGroups, AreNotWhatSomebodyElsePutThere) {
    std::ofstream{root_.path() + "/a~shared"};
    std::filesystem::create_symlink("/", root_.path() + "/b~shared");
    EXPECT_FALSE(name_group::find(place_, "a"));
    EXPECT_FALSE(name_group::find(place_, "b"));
}

TEST_F(NameGroups, SweepWhatIsTheirsOnly) {
    member_of_another_process()->kill();
    const one self = join();
    os::seqpacket_listener{self.member->group().folder(), "stranger"};
    EXPECT_TRUE(self.member->group().sweep());
    EXPECT_EQ(self.member->group().folder().list().size(), 3u);
}

TEST_F(NameGroups, TellAMemberOfTheEndOfTheNextOlderOne) {
    const one a = join();
    EXPECT_FALSE(a.member->watch_older());
    auto b = member_of_another_process();
    const one c = join();
    EXPECT_TRUE(c.member->watch_older());
    EXPECT_EQ(a.member->youngest_other(), c.member->id());
    b->kill();
    EXPECT_TRUE(c.member->watch_older());  // the oldest
}

TEST_F(NameGroups, GiveANameToWhoeverIsToHaveIt) {
    const one a = join();
    const one b = join();
    a.member->give_name(b.member->id(), place_, "path");
    EXPECT_TRUE(place_.is_same("path", group().folder(), b.member->id()));
    a.member->give_name(b.member->id(), place_, "path");
    EXPECT_EQ(group().folder().list().size(), 4u);
}

TEST_F(NameGroups, GiveItWithoutAnInstantAtWhichNobodyHasIt) {
    std::array<one, 2> both{join(), join()};
    both[0].member->give_name(both[0].member->id(), place_, "path");
    forked_peer giver{[&] {
        const one third = join();
        for (int i = 0; i < 2000; ++i)
            third.member->give_name(both[i % 2].member->id(), place_, "path");
        return 0;
    }};
    bool always = true;
    for (int i = 0; i < 2000; ++i) {
        always = always && os::seqpacket_socket::connect(place_, "path", never);
        for (one& each : both) each.socket->try_accept();
    }
    EXPECT_TRUE(always);
    EXPECT_EQ(giver.exit_code(), 0);
}

TEST_F(NameGroups, LeaveNothingWhereJoiningFails) {
    const auto joins = [&] { join(); };
    testing::fail_each_call(EMFILE, joins);
    EXPECT_EQ(complaint_of(joins), "no error");
    EXPECT_TRUE(place_.list().empty());
}

}  // namespace
}  // namespace signet::life
