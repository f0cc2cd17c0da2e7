// SPDX-License-Identifier: Apache-2.0
// What servers say of their methods, and what clients make of it where the two ends do not
// understand each other.
#include <signet/service.hpp>
#include <signet/testing/foreign_server.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/wire/arguments.hpp>
#include <signet/wire/rpc_frame.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace signet::tests {
namespace {

using testing::foreign_server;

struct point {
    double x;
    double y;
};
struct named_point {
    double x;
    std::string y;
    std::string name;
};

std::string complaint_of(const std::function<void()>& body) {
    try {
        body();
    } catch (const error& e) {
        return e.what();
    }
    return "nothing";
}

bool mentions(const std::string& text, const std::string& words) {
    return text.find(words) != std::string::npos;
}

class Described : public ::testing::Test {
protected:
    Described() {
        server_.handle("add", [](int a, int b) { return a + b; });
        server_.handle("move", [](const point&, std::optional<double>) {});
        server_.handle("where", [] { return point{1, 2}; });
        server_.handle("count", [](int end) -> stream<int> {
            for (int i = 0; i < end; ++i) co_yield i;
        });
        server_.handle("tell", [](const std::function<void(int)>& whom) { whom(1); });
        server_.handle("length", [](std::string_view text) { return text.size(); });
        server_.serve_in_background(1);
        client_.emplace(server_.address());
    }

    testing::temporary_directory place_;
    server server_{"unix://" + place_.path() + "/service"};
    std::optional<client> client_;  // once somebody serves
};

TEST_F(Described, MethodsSayWhatTheyTakeAndGive) {
    std::vector<std::string> texts;
    for (const auto& one : client_->describe()) texts.push_back(wire::signature_text(one));
    EXPECT_EQ(texts, (std::vector<std::string>{
                         "add(i32, i32) -> i32", "count(i32) -> a stream of i32",
                         "length(text) -> u64", "move(signet::tests::point, optional<f64>)",
                         "tell(a function)", "where() -> signet::tests::point"}));
}

TEST_F(Described, MethodsSayWhichFieldsTheirTypesHave) {
    const auto methods = client_->describe();
    const method_signature& move = methods.at(3);
    EXPECT_FALSE(move.parameters[0].optional);
    EXPECT_TRUE(move.parameters[1].optional);
    ASSERT_TRUE(move.parameters[0].layout);
    EXPECT_EQ(move.parameters[0].layout->root().fields.at(1).name, "y");
    EXPECT_FALSE(move.result.layout);
}

TEST_F(Described, ArgumentsThatDoNotFitAreToldFieldByField) {
    const std::string complaint =
        complaint_of([&] { client_->call("move", named_point{1, "2", "p"}); });
    EXPECT_TRUE(mentions(complaint, "argument 1: field 'y' is text, and f64 is expected"))
        << complaint;
    EXPECT_TRUE(mentions(complaint, "it did not run")) << complaint;
}

TEST_F(Described, ResultsThatDoNotFitAreToldFieldByField) {
    const std::string complaint = complaint_of([&] { client_->call<named_point>("where"); });
    EXPECT_TRUE(mentions(complaint, "result: field 'y' is f64, and text is expected")) << complaint;
    EXPECT_TRUE(mentions(complaint, "field 'name' (text) is missing")) << complaint;
    EXPECT_TRUE(mentions(complaint, "it ran")) << complaint;
}

TEST_F(Described, CallsThatWereNotWaitedForAreToldThemToo) {
    auto pending = client_->async_call<int>("add", 1, "2");
    const std::string complaint = complaint_of([&] { pending.get(); });
    EXPECT_TRUE(mentions(complaint, "argument 2: it is text, and i32 is expected")) << complaint;
}

TEST_F(Described, NobodyHandlesTheName) {
    EXPECT_THROW(server_.handle("signet.describe", [] {}), contract_violation);
}

TEST(ForeignServers, AreNotAskedForWhatTheyDoNotKnow) {
    foreign_server foreign{[](const wire::rpc_frame& frame, std::vector<std::byte>& into) {
        if (testing::refuse_reserved(frame, into)) return;
        wire::put_result_head(into, frame.id);
        wire::append_value(into, "text");
    }};
    {
        client there{foreign.address()};
        const std::string complaint = complaint_of([&] { there.call<int>("number"); });
        EXPECT_TRUE(mentions(complaint, "its result is not i32")) << complaint;
    }
    EXPECT_EQ(foreign.asked(), (std::vector<std::string>{"signet.hello", "number"}));
}

TEST(ForeignServers, ThatDescribeThemselvesBadlyAreAnErrorAndNoMore) {
    foreign_server hostile{[](const wire::rpc_frame& frame, std::vector<std::byte>& into) {
        wire::put_result_head(into, frame.id);
        wire::append_value(into, "what?");
    }};
    client there{hostile.address()};
    EXPECT_TRUE(mentions(complaint_of([&] { there.describe(); }), "description of a server"));
    EXPECT_TRUE(mentions(complaint_of([&] { there.call<int>("number"); }), "is not i32"));
}

}  // namespace
}  // namespace signet::tests
