// SPDX-License-Identifier: Apache-2.0
// A client and a server of two versions, in two processes.
#include <signet/service.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

namespace signet::tests {
namespace {

using testing::eventually;
using testing::forked_peer;

namespace before {
struct order {
    std::string item;
    std::string place;
};
}  // namespace before
namespace longer {
struct order {
    std::string item;
    std::string place;
    std::optional<int> count;
};
}  // namespace longer
namespace wider {
struct order {
    std::string item;
    std::optional<std::string> note;
    std::string place;
};
}  // namespace wider
namespace changed {
struct order {
    std::string item;
    int place;
};
}  // namespace changed

/// What a script gives for a struct.
using names_and_values = std::map<std::string, std::string>;

class Evolution : public ::testing::Test {
protected:
    /// A process that serves `place`, which gives back what it was given.
    template <class Order>
    int serve() const {
        server shop{address_};
        shop.handle("place", [](const Order& what) { return what; });
        shop.serve();
        return 0;
    }

    client connect() const {
        std::optional<client> found;
        eventually([&] {
            try {
                return found.emplace(address_), true;
            } catch (const error&) {
                return false;  // not yet
            }
        });
        return std::move(found.value());
    }

    template <class Order>
    std::string complaint(const Order& what) const {
        try {
            connect().template call<Order>("place", what);
        } catch (const call_error& e) {
            EXPECT_EQ(e.ran(), ran::no);
            return e.what();
        }
        return "nothing";
    }

    testing::temporary_directory place_;
    const std::string address_ = "unix://" + place_.path() + "/shop";
};

TEST_F(Evolution, AnOldClientCallsAServerWhoseOrdersGrewAtTheEnd) {
    const forked_peer shop{[&] { return serve<longer::order>(); }};
    const auto placed = connect().call<before::order>("place", before::order{"nut", "3b"});
    EXPECT_EQ(placed.place, "3b");
}

TEST_F(Evolution, AClientWhoseOrdersGrewAtTheEndCallsAnOldServer) {
    const forked_peer shop{[&] { return serve<before::order>(); }};
    const auto placed = connect().call<longer::order>("place", longer::order{"nut", "3b", 7});
    EXPECT_EQ(placed.place, "3b");
    EXPECT_FALSE(placed.count);
}

TEST_F(Evolution, AnOldScriptThatGivesNamesCallsAServerThatHasOneMore) {
    const forked_peer shop{[&] { return serve<wider::order>(); }};
    const names_and_values order{{"item", "nut"}, {"place", "3b"}};
    const auto placed = connect().call<wider::order>("place", order);
    EXPECT_EQ(placed.place, "3b");
    EXPECT_FALSE(placed.note);
}

TEST_F(Evolution, AScriptThatGivesOneMoreNameCallsAnOldServer) {
    const forked_peer shop{[&] { return serve<before::order>(); }};
    const names_and_values order{{"item", "nut"}, {"note", "soon"}, {"place", "3b"}};
    EXPECT_EQ(connect().call<before::order>("place", order).place, "3b");
}

TEST_F(Evolution, AnOldClientIsRefusedWithTheFieldThatChanged) {
    const forked_peer shop{[&] { return serve<changed::order>(); }};
    const std::string told = complaint(before::order{"nut", "3b"});
    EXPECT_NE(told.find("argument 1: field 'place' is text, and i32 is expected"),
              std::string::npos)
        << told;
}

TEST_F(Evolution, AnOldServerRefusesAClientWithTheFieldThatChanged) {
    const forked_peer shop{[&] { return serve<before::order>(); }};
    const std::string told = complaint(changed::order{"nut", 3});
    EXPECT_NE(told.find("argument 1: field 'place' is i32, and text is expected"),
              std::string::npos)
        << told;
}

}  // namespace
}  // namespace signet::tests
