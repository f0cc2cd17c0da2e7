// SPDX-License-Identifier: Apache-2.0
// `signet call` and `signet describe`: the service is this process, who calls it another one.
#include "command_run.hpp"

#include <signet/service.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/foreign_server.hpp>
#include <signet/wire/arguments.hpp>

#include <nlohmann/json.hpp>

#include <atomic>
#include <csignal>
#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace signet::testing {
namespace {

using nlohmann::json;

struct place {
    double x;
    double y;
    std::string name;
};

bool mentions(const std::string& text, const std::string& words) {
    return text.find(words) != std::string::npos;
}

class CallTest : public CommandTest {
protected:
    CallTest() {
        server_.emplace("service");
        server_->handle("add", [](int a, int b) { return a + b; });
        server_->handle("half", [](double number) { return number / 2; });
        server_->handle("length", [](std::string_view text) { return text.size(); });
        server_->handle("move", [](const place& to, std::optional<double> by) {
            return place{to.x + by.value_or(1), to.y, to.name};
        });
        server_->handle("kinds", [](std::variant<int, std::string> kind, std::map<int, int> map,
                                    const std::vector<std::byte>& bytes) {
            return kind.index() + map.size() + bytes.size();
        });
        server_->handle("fail", [](const std::string& why) { throw std::out_of_range{why}; });
        server_->handle("note", [this] { ++noted_; });
        server_->handle("hold", [this] {
            const std::stop_token stop = current_call()->stop_token();
            ++held_;
            eventually([&] { return stop.stop_requested() || let_go_; });
            if (stop.stop_requested()) ++stopped_;
        });
        server_->handle("count", [](int end) -> stream<int> {
            for (int i = 0; i < end; ++i) co_yield i;
        });
        server_->serve_in_background(2);
    }
    ~CallTest() override { let_go_ = true; }

    outcome call(std::vector<std::string> words) {
        words.insert(words.begin(), {"call", "service"});
        return run(std::move(words));
    }

    std::string file(const std::string& content) const {
        const std::string path = files_.path() + "/service.json";
        std::ofstream{path} << content;
        return path;
    }

    temporary_directory files_;
    std::atomic<int> noted_ = 0;
    std::atomic<int> held_ = 0;
    std::atomic<int> stopped_ = 0;
    std::atomic<bool> let_go_ = false;
    std::optional<server> server_;  // once the directory is named
};

// ---- arguments and results ----------------------------------------------------------------------

TEST_F(CallTest, TheResultIsPrintedAsJson) {
    EXPECT_EQ(call({"add", "2", "3"}).out, "5\n");
    EXPECT_EQ(call({"add", "-2", "3"}).out, "1\n");
    EXPECT_EQ(call({"move", R"({"x":1,"y":2,"name":"n"})", "5"}).out,
              "{\"x\":6,\"y\":2,\"name\":\"n\"}\n");
    EXPECT_EQ(call({"note"}).out, "null\n");
}

TEST_F(CallTest, ArgumentsBecomeWhatTheMethodTakes) {
    EXPECT_EQ(call({"half", "1"}).out, "0.5\n");
    EXPECT_EQ(call({"length", "word"}).out, "4\n");
    EXPECT_EQ(call({"length", "12345"}).out, "5\n");
    EXPECT_EQ(call({"length", R"("a b")"}).out, "3\n");
    EXPECT_EQ(call({"length", "[a]"}).out, "3\n");
    EXPECT_EQ(call({"kinds", R"({"text":"x"})", "[[1,2],[3,4]]", "AAAA"}).out, "6\n");
}

TEST_F(CallTest, AnOptionalArgumentMayBeLeftOut) {
    EXPECT_EQ(call({"move", R"({"x":1,"y":2,"name":"n"})"}).out,
              "{\"x\":2,\"y\":2,\"name\":\"n\"}\n");
}

TEST_F(CallTest, TheItemsOfAStreamArePrintedOneByOne) {
    const outcome counted = call({"count", "3"});
    EXPECT_EQ(counted.out, "0\n1\n2\n") << counted.err;
    EXPECT_EQ(call({"count", "1", "--json"}).out, "{\"result\":0}\n");
}

TEST_F(CallTest, ANotificationIsSentAndNotWaitedFor) {
    const outcome sent = call({"note", "--notify"});
    EXPECT_EQ(sent.status, 0) << sent.err;
    EXPECT_EQ(sent.out, "");
    EXPECT_TRUE(eventually([&] { return noted_ == 1; }));
}

TEST_F(CallTest, ResultsAndFailuresAreJsonForScripts) {
    EXPECT_EQ(json::parse(call({"add", "2", "3", "--json"}).out), json({{"result", 5}}));
    const json failed = json::parse(call({"fail", "too far", "--json"}).out)["error"];
    EXPECT_EQ(failed, json({{"type", "std::out_of_range"}, {"text", "too far"}, {"ran", "yes"}}));
    EXPECT_EQ(json::parse(call({"ad", "--json"}).out)["error"]["ran"], "no");
}

// ---- failures -----------------------------------------------------------------------------------

TEST_F(CallTest, AnUnknownMethodIsToldWithTheNearestOne) {
    const outcome ended = call({"ad", "2", "3"});
    EXPECT_EQ(ended.status, 1);
    EXPECT_TRUE(mentions(ended.err, "there is no 'ad'; did you mean 'add'? it has add, count"))
        << ended.err;
}

TEST_F(CallTest, ArgumentsThatDoNotSuitAreToldWithWhatIsExpected) {
    const outcome word = call({"add", "2", "x"});
    EXPECT_EQ(word.status, 1);
    EXPECT_TRUE(mentions(word.err, "argument 2 of add(i32, i32) -> i32: it expects i32, found 'x'"))
        << word.err;
    const outcome few = call({"add", "2"});
    EXPECT_TRUE(mentions(few.err, "it was given 1 arguments, and takes 2")) << few.err;
    const outcome field = call({"move", R"({"x":1,"name":"n"})"});
    EXPECT_TRUE(mentions(field.err, "field 'y' is missing, and is not optional")) << field.err;
}

TEST_F(CallTest, WithoutAMethodThereIsAList) {
    const outcome ended = call({});
    EXPECT_EQ(ended.status, 2);
    EXPECT_TRUE(mentions(ended.err, "`signet describe service` lists them: it has add, count"))
        << ended.err;
}

TEST_F(CallTest, TheStatusSaysWhetherItRan) {
    EXPECT_EQ(run({"call", "nobody", "add"}).status, 1);
    EXPECT_EQ(call({"add", "--no-such-option"}).status, 2);
    EXPECT_EQ(call({"fail", "why"}).status, 3);
    foreign_server silent{[](const wire::rpc_frame& frame, std::vector<std::byte>& answer) {
        if (!refuse_reserved(frame, answer)) answer.assign(1, std::byte{0});  // garbage
    }};
    EXPECT_EQ(run({"call", silent.address(), "any"}).status, 4);
}

TEST_F(CallTest, ItIsGivenUpAfterTheTimeout) {
    double seconds = 0.05;
    EXPECT_TRUE(eventually([&] {
        const outcome ended = call({"hold", "--timeout", std::to_string(seconds *= 2)});
        return ended.status == 4 && mentions(ended.err, "timed out");
    }));
    EXPECT_TRUE(eventually([&] { return stopped_ == held_; }));
}

TEST_F(CallTest, CtrlCEndsTheCallForBothSides) {
    running calling = start({"call", "service", "hold"});
    ASSERT_TRUE(eventually([&] { return held_ == 1; }));
    calling.signal(SIGINT);
    EXPECT_EQ(calling.wait().status, 128 + SIGINT);
    EXPECT_TRUE(eventually([&] { return stopped_ == 1; }));
}

// ---- servers of others --------------------------------------------------------------------------

/// Answers with how many arguments there were, and the bytes of the first.
void mirror(const wire::rpc_frame& frame, std::vector<std::byte>& answer) {
    if (refuse_reserved(frame, answer)) return;
    wire::put_result_head(answer, frame.id);
    answer.insert(answer.end(), frame.body.begin(), frame.body.end());
}

TEST_F(CallTest, OthersAreSpokenToPlainly) {
    foreign_server others{&mirror};
    const outcome same = run({"call", others.address(), "any", R"({"a":[1,2.5,null,"x"]})"});
    EXPECT_EQ(same.out, "{\"a\":[1,2.5,null,\"x\"]}\n") << same.err;
    EXPECT_EQ(others.asked(), (std::vector<std::string>{"signet.hello", "any"}));
}

TEST_F(CallTest, AWordIsTextForOthers) {
    foreign_server others{&mirror};
    EXPECT_EQ(run({"call", others.address(), "any", "007"}).out, "\"007\"\n");
}

TEST_F(CallTest, GarbageInPlaceOfADescriptionIsAnError) {
    foreign_server hostile{[](const wire::rpc_frame& frame, std::vector<std::byte>& answer) {
        wire::put_result_head(answer, frame.id);
        wire::append_value(answer, "\x1b[31m");
    }};
    const outcome ended = run({"call", hostile.address(), "any"});
    EXPECT_EQ(ended.status, 1);
    EXPECT_TRUE(mentions(ended.err, "description of a server")) << ended.err;
}

TEST_F(CallTest, OthersCannotBeDescribed) {
    foreign_server others{&mirror};
    const outcome ended = run({"describe", others.address()});
    EXPECT_EQ(ended.status, 1);
    EXPECT_TRUE(mentions(ended.err, "cannot say what methods it has")) << ended.err;
}

// ---- describe -----------------------------------------------------------------------------------

TEST_F(CallTest, MethodsAreListedWithTheirTypes) {
    const std::string table = run({"describe", "service"}).out;
    EXPECT_TRUE(mentions(table, "METHOD  TAKES")) << table;
    EXPECT_TRUE(mentions(table, "add     i32, i32")) << table;
    EXPECT_TRUE(mentions(table, "signet::testing::place  x: f64, y: f64, name: text")) << table;
}

TEST_F(CallTest, MethodsAreListedAsJson) {
    const json all = json::parse(run({"describe", "service", "--json"}).out);
    EXPECT_EQ(all["methods"][0]["name"], "add");
    EXPECT_EQ(all["methods"][0]["parameters"][1]["type"], "i32");
    EXPECT_EQ(all["types"]["signet::testing::place"][2]["name"], "name");
}

TEST_F(CallTest, AServiceSuitsWhoWasBuiltForIt) {
    const std::string kept = file(run({"describe", "service", "--json"}).out);
    const outcome same = run({"describe", "service", "--against", kept});
    EXPECT_EQ(same.status, 0) << same.err;
    EXPECT_EQ(same.out, "no difference\n");
    EXPECT_EQ(run({"describe", "service", "--against", "service"}).status, 0);
}

struct grown_place {
    double x;
    double y;
    std::string name;
    std::optional<int> floor;
};
struct changed_place {
    double x;
    int y;
    std::string name;
};

TEST_F(CallTest, WhatGrewIsToldAndDoesNoHarm) {
    server newer{"newer"};
    newer.handle("where", [] { return grown_place{}; });
    server older{"older"};
    older.handle("where", [] { return place{}; });
    newer.serve_in_background(1);
    older.serve_in_background(1);
    const outcome told = run({"describe", "newer", "--against", "older"});
    EXPECT_EQ(told.out, "where: result: field 'floor' exists only in ours\n");
    EXPECT_EQ(told.status, 0) << told.err;
}

TEST_F(CallTest, WhatRefusesCallersIsToldFieldByField) {
    server newer{"newer"};
    newer.handle("add", [](int a, int b, int c) { return a + b + c; });
    newer.handle("move", [](const changed_place&) {});
    newer.serve_in_background(1);
    const outcome told = run({"describe", "newer", "--against", "service"});
    EXPECT_EQ(told.status, 3) << told.err;
    EXPECT_TRUE(mentions(told.out, "add: argument 3 (i32) exists only in ours  [refused]"));
    EXPECT_TRUE(
        mentions(told.out, "move: argument 1: field 'y' is f64, and i32 is expected  [refused]"))
        << told.out;
    EXPECT_TRUE(mentions(told.out, "half: exists only in theirs  [refused]")) << told.out;
}

TEST_F(CallTest, AFileThatIsNoDescriptionIsToldByItsName) {
    const std::string bad = file("{\"methods\": 5}");
    const outcome ended = run({"describe", "service", "--against", bad});
    EXPECT_EQ(ended.status, 1);
    EXPECT_TRUE(mentions(ended.err, bad + " is no description of a service")) << ended.err;
}

}  // namespace
}  // namespace signet::testing
