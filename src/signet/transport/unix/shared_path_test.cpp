// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/unix/shared_path.hpp>

#include <signet/base/error.hpp>
#include <signet/os/poll.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

namespace signet::transport::unix_socket {
namespace {

using testing::complaint_of;
using testing::forked_peer;

class SharedPaths : public ::testing::Test {
protected:
    std::unique_ptr<forked_peer> another_process() const {
        auto peer = std::make_unique<forked_peer>([this] {
            const shared_listener door{path_};
            testing::wait_to_be_killed();
            return 0;
        });
        EXPECT_TRUE(peer->await());
        return peer;
    }

    std::string complaint() const {
        return complaint_of([this] { shared_listener{path_}; });
    }

    /// Whether it is at `door` that somebody comes out who knows the path only.
    bool leads_to(shared_listener& door) const {
        const auto caller = path_.connect(after(testing::watchdog));
        return door.socket().accept(deadline::min()).has_value();
    }

    testing::temporary_directory root_;
    unix_name path_{root_.path() + "/x.sock"};
};

TEST_F(SharedPaths, LeadToTheOldestOnesSocket) {
    shared_listener first{path_};
    const shared_listener second{path_};
    EXPECT_TRUE(leads_to(first));
}

TEST_F(SharedPaths, LeadEachOfSignetsEndsToAnyOfThem) {
    shared_listener first{path_};
    shared_listener second{path_};
    std::set<shared_listener*> found;
    while (found.size() < 2) {
        const auto caller = connect_to_any(path_, never);
        for (shared_listener* one : {&first, &second}) {
            if (one->socket().accept(deadline::min())) found.insert(one);
        }
    }
}

TEST_F(SharedPaths, AreTakenByTheNextOneAfterADeathOfWhichItsDescriptorTells) {
    const auto oldest = another_process();
    shared_listener next{path_};
    EXPECT_FALSE(os::wait_readable(next.fd(), deadline::min()));
    oldest->kill();
    EXPECT_NE(complaint_of([&] { path_.connect(never); }), "no error");
    EXPECT_TRUE(os::wait_readable(next.fd(), after(testing::watchdog)));
    next.tend();
    EXPECT_TRUE(leads_to(next));
    EXPECT_FALSE(os::wait_readable(next.fd(), deadline::min()));
}

TEST_F(SharedPaths, AreNotTakenWhereAnOlderOneLives) {
    shared_listener oldest{path_};
    const auto between = another_process();
    shared_listener youngest{path_};
    between->kill();
    youngest.tend();
    EXPECT_TRUE(leads_to(oldest));
}

TEST_F(SharedPaths, AreHandedOverBeforeTheirOwnerIsGone) {
    std::optional<shared_listener> first{path_};
    shared_listener second{path_};
    first.reset();
    EXPECT_TRUE(leads_to(second));
    second.tend();
    EXPECT_TRUE(leads_to(second));
}

TEST_F(SharedPaths, AreGoneWithTheLastOne) {
    {
        const shared_listener first{path_};
        const shared_listener second{path_};
    }
    EXPECT_TRUE(path_.place()->list().empty());
}

TEST_F(SharedPaths, AreTakenFromTheDeadAndFromNobodyElse) {
    another_process()->kill();
    EXPECT_EQ(complaint(), "no error");
    const os::unix_stream_listener stranger{*path_.place(), path_.name()};
    EXPECT_NE(complaint().find("does not share the name"), std::string::npos);
    EXPECT_EQ(path_.place()->list(), std::vector<std::string>{"x.sock"});
}

TEST_F(SharedPaths, DoNotReplaceAFile) {
    std::ofstream{root_.path() + "/x.sock"} << "text";
    EXPECT_NE(complaint().find("something else than a socket has that name"), std::string::npos);
    EXPECT_TRUE(std::filesystem::is_regular_file(root_.path() + "/x.sock"));
}

TEST_F(SharedPaths, AreNoAbstractNames) {
    const unix_name abstract{"@signet-test-of-shared-paths"};
    EXPECT_NE(complaint_of([&] { shared_listener{abstract}; }).find("use unix:///path"),
              std::string::npos);
}

TEST_F(SharedPaths, DoNotLiveOnInAForkedChild) {
    std::optional<shared_listener> first{path_};
    shared_listener second{path_};
    forked_peer child{[] {
        testing::wait_to_be_killed();
        return 0;
    }};
    ASSERT_TRUE(child.await());
    first.reset();
    EXPECT_TRUE(os::wait_readable(second.fd(), after(testing::watchdog)));
}

}  // namespace
}  // namespace signet::transport::unix_socket
