// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/json_rpc.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/arguments.hpp>
#include <signet/wire/json_rpc_samples_test.hpp>
#include <signet/wire/rpc_frame.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

using namespace std::string_literals;
using frames = std::vector<std::vector<std::byte>>;

std::optional<std::vector<std::string>> names_of(std::string_view method) {
    if (method == "subtract") return std::vector<std::string>{"minuend", "subtrahend"};
    if (method == "sum" || method == "echo") return std::vector<std::string>{};
    return std::nullopt;
}

struct data {
    std::string text;
    int number;
};

/// What the server of the specification's examples answers.
std::vector<std::byte> response_to(const rpc_frame& call) {
    std::vector<std::byte> result;
    value_reader from{call.body, call.arguments};
    int a = 0;
    int b = 0;
    int c = 0;
    put_result_head(result, call.id);
    if (call.method == "subtract" && from.take(a) && from.take(b)) {
        append_value(result, a - b);
    } else if (call.method == "sum" && from.take(a) && from.take(b) && from.take(c)) {
        append_value(result, a + b + c);
    } else if (call.method == "get_data") {
        append_value(result, data{"hello", 5});
    } else if (call.method == "echo") {
        result.insert(result.end(), call.body.begin(), call.body.end());
    } else {
        result.clear();
        put_failure(result, call.id, {.code = "unknown_method", .text = "no such", .ran = "no"});
    }
    return result;
}

/// A client's connection, and a server behind it that answers at once.
class JsonRpc : public ::testing::Test {
protected:
    frames take(std::string_view text) {
        rpc_.give(std::as_bytes(std::span{text}));
        frames all;
        while (const auto frame = rpc_.next()) all.emplace_back(frame->begin(), frame->end());
        return all;
    }

    std::string answer(const std::vector<std::byte>& frame) {
        const rpc_frame call = read_rpc_frame(frame);
        if (call.kind != rpc_kind::request) return {};
        return rpc_.answer(response_to(call));
    }

    std::string converse(std::string_view text) {
        std::string answers;
        for (const auto& frame : take(text)) answers += answer(frame);
        return answers;
    }

    /// The answer to a call with that id.
    std::string answer_with_id(const std::string& id) {
        return converse(R"({"jsonrpc":"2.0","method":"sum","params":[1,2,3],"id":)" + id + "}\n");
    }

    std::string failure(const rpc_failure& what) {
        const frames call = take(R"({"jsonrpc":"2.0","method":"sum","id":7})");
        std::vector<std::byte> failed;
        put_failure(failed, read_rpc_frame(call.front()).id, what);
        return rpc_.answer(failed);
    }

    json_rpc rpc_{1 << 16, names_of};
};

std::string error_with(std::string_view error, std::string_view id = "null") {
    return R"({"jsonrpc":"2.0","error":{)" + std::string{error} + R"(},"id":)" + std::string{id} +
           "}\n";
}
const std::string invalid_request = error_with(R"("code":-32600,"message":"Invalid Request")");
const std::string parse_error = error_with(R"("code":-32700,"message":"Parse error")");

TEST_F(JsonRpc, AnswersTheExamplesOfTheSpecificationWordByWord) {
    for (const auto& example : samples::json_rpc_examples) {
        const std::string expected = samples::compact(example.answered);
        EXPECT_EQ(converse(std::string{example.sent} + "\n"),
                  expected.empty() ? "" : expected + "\n")
            << example.name;
    }
}

TEST_F(JsonRpc, AnswersTheSameWhereverTheStreamIsCut) {
    for (const auto& example : samples::json_rpc_examples) {
        const std::string sent = std::string{example.sent} + "\n";
        const std::string whole = converse(sent);
        for (std::size_t cut = 1; cut < sent.size(); ++cut) {
            const std::string first = converse(sent.substr(0, cut));
            EXPECT_EQ(first + converse(sent.substr(cut)), whole) << example.name << cut;
        }
    }
}

TEST_F(JsonRpc, AnswersWithTheIdAsItWasSpelled) {
    for (const std::string_view id : {"1", "-0", "0.50", "1E+2", "123456789012345678901234567890",
                                      "null", "\"\"", "\"\\u0041\\n\"", "\"\xc3\xa9\"", "1.0"}) {
        EXPECT_EQ(answer_with_id(std::string{id}),
                  R"({"jsonrpc":"2.0","result":6,"id":)" + std::string{id} + "}\n");
    }
}

TEST_F(JsonRpc, RefusesWhatIsNoId) {
    const std::string long_id = '"' + std::string(5'000, 'x') + '"';
    for (const std::string& id : {"true"s, "[]"s, "{}"s, long_id}) {
        EXPECT_EQ(answer_with_id(id), invalid_request);
    }
    EXPECT_EQ(answer_with_id("01"), parse_error);
}

TEST_F(JsonRpc, RefusesWhatIsNoCallAndKnowsWhoseItWas) {
    const std::string of_nine = error_with(R"("code":-32600,"message":"Invalid Request")", "9");
    for (const std::string_view rest :
         {R"("method":"sum")", R"("jsonrpc":"1.0","method":"sum")",
          R"("jsonrpc":2.0,"method":"sum")", R"("jsonrpc":"2.0")",
          R"("jsonrpc":"2.0","method":null)", R"("jsonrpc":"2.0","method":"sum","params":1)",
          R"("jsonrpc":"2.0","method":"sum","params":null)"}) {
        EXPECT_EQ(converse("{\"id\":9," + std::string{rest} + "}"), of_nine) << rest;
    }
}

TEST_F(JsonRpc, RefusesMembersThatAreThereTwice) {
    EXPECT_EQ(converse(R"({"jsonrpc":"2.0","method":"sum","method":"subtract","id":1})"),
              invalid_request);
    EXPECT_EQ(converse(R"({"jsonrpc":"2.0","method":"sum","id":1,"id":2})"), invalid_request);
}

TEST_F(JsonRpc, PassesOverMembersThatMeanNothing) {
    EXPECT_EQ(
        converse(R"({"x":[{}],"jsonrpc":"2.0","method":"sum","params":[1,2,3],"id":1,"x":null})"),
        "{\"jsonrpc\":\"2.0\",\"result\":6,\"id\":1}\n");
}

TEST_F(JsonRpc, SaysWhatIsWrongWithTheNamesOfArguments) {
    EXPECT_EQ(
        converse(R"({"jsonrpc":"2.0","method":"subtract","params":{"minus":1},"id":1})"),
        error_with(R"("code":-32602,"message":"Invalid params","data":"there is no parameter )"
                   R"('minus'; there are 'minuend', 'subtrahend'")",
                   "1"));
    EXPECT_EQ(
        converse(R"({"jsonrpc":"2.0","method":"sum","params":{"a":1},"id":1})"),
        error_with(R"("code":-32602,"message":"Invalid params","data":"its parameters have no )"
                   R"(names: give its arguments in an array")",
                   "1"));
    EXPECT_EQ(converse(R"({"jsonrpc":"2.0","method":"sum","params":{"a":1}})"), "");
}

TEST_F(JsonRpc, TellsHowACallFailed) {
    EXPECT_EQ(failure({.type = "std::runtime_error", .text = "too \"far\"", .ran = "yes"}),
              error_with(R"("code":-32000,"message":"too \"far\"","data":)"
                         R"({"type":"std::runtime_error","ran":"yes"})",
                         "7"));
    EXPECT_EQ(
        failure({.type = "int", .ran = "yes"}),
        error_with(R"("code":-32000,"message":"int","data":{"type":"int","ran":"yes"})", "7"));
    EXPECT_EQ(failure({.code = "bad_arguments", .text = "it takes one", .ran = "no"}),
              error_with(R"("code":-32602,"message":"Invalid params","data":"it takes one")", "7"));
}

TEST_F(JsonRpc, TellsWhyACallDidNotRun) {
    const std::vector<std::pair<std::string, std::string>> codes{{"overloaded", "-32001"},
                                                                 {"expired", "-32002"},
                                                                 {"cancelled", "-32003"},
                                                                 {"closing", "-32004"}};
    for (const auto& [code, number] : codes) {
        EXPECT_EQ(
            failure({.code = code, .text = "why", .ran = "no"}),
            error_with("\"code\":" + number + R"(,"message":"why","data":{"ran":"no"})", "7"));
    }
}

TEST_F(JsonRpc, AnswersABatchInTheOrderOfItsCallsWhenAllAreThere) {
    const frames all = take(R"([{"jsonrpc":"2.0","method":"sum","params":[1,2,3],"id":"a"},1,)"
                            R"({"jsonrpc":"2.0","method":"sum","params":[4,5,6],"id":"b"}])");
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(answer(all[2]), "");
    EXPECT_EQ(answer(all[1]), "");
    EXPECT_EQ(answer(all[0]), R"([{"jsonrpc":"2.0","result":6,"id":"a"},)" +
                                  invalid_request.substr(0, invalid_request.size() - 1) +
                                  R"(,{"jsonrpc":"2.0","result":15,"id":"b"}])" + "\n");
}

TEST_F(JsonRpc, RefusesABatchOfTooMany) {
    std::string batch = "[1";
    for (std::size_t i = 0; i < json_batch_max; ++i) batch += ",1";
    EXPECT_EQ(converse(batch + "]"),
              error_with(R"("code":-32600,"message":"Invalid Request","data":)"
                         R"("a batch has at most 1000 calls")"));
    EXPECT_EQ(converse("[1]"), "[" + invalid_request.substr(0, invalid_request.size() - 1) + "]\n");
}

TEST_F(JsonRpc, RefusesAnAnswerThatIsTooLargeAndTakesAnother) {
    const frames call = take(R"({"jsonrpc":"2.0","method":"echo","id":1})");
    const std::uint32_t id = read_rpc_frame(call.front()).id;
    std::vector<std::byte> large;
    put_result_head(large, id);
    append_value(large, std::string(1 << 16, 'x'));
    EXPECT_THROW(rpc_.answer(large), error);
    std::vector<std::byte> failed;
    put_failure(failed, id, {.text = "too large", .ran = "yes"});
    EXPECT_EQ(rpc_.answer(failed),
              error_with(R"("code":-32000,"message":"too large","data":{"ran":"yes"})", "1"));
}

TEST_F(JsonRpc, BoundsTheAnswersOfABatchTogether) {
    const std::string call = R"({"jsonrpc":"2.0","method":"echo","params":[")" +
                             std::string(20'000, 'x') + "\"],\"id\":1}";
    const frames all = take("[" + call + "," + call + "," + call + "]");
    EXPECT_EQ(answer(all[0]), "");
    EXPECT_EQ(answer(all[1]), "");
    std::vector<std::byte> larger;
    put_result_head(larger, read_rpc_frame(all[2]).id);
    append_value(larger, std::string(30'000, 'x'));
    EXPECT_THROW(rpc_.answer(larger), error);
    EXPECT_GT(answer(all[2]).size(), 60'000u);
}

TEST_F(JsonRpc, GivesIdsOfItsOwn) {
    const std::string call = R"({"jsonrpc":"2.0","method":"sum","params":[1,2,3],"id":5})";
    const frames both = take(call + call);
    EXPECT_NE(read_rpc_frame(both[0]).id, read_rpc_frame(both[1]).id);
    EXPECT_EQ(answer(both[0]), answer(both[1]));
}

TEST_F(JsonRpc, CancelsTheCallsOfThatId) {
    const frames all = take(
        R"({"jsonrpc":"2.0","method":"sum","id":"a"}{"jsonrpc":"2.0","method":"sum","id":"\u0062"})"
        R"({"jsonrpc":"2.0","method":"signet.cancel","params":["b"]})");
    ASSERT_EQ(all.size(), 3u);
    const rpc_frame cancelled = read_rpc_frame(all[2]);
    std::uint32_t which = 0;
    EXPECT_TRUE((value_reader{cancelled.body, 1}.take(which)));
    EXPECT_EQ(cancelled.method, "signet.cancel");
    EXPECT_EQ(which, read_rpc_frame(all[1]).id);
}

TEST_F(JsonRpc, KnowsNoHello) {
    EXPECT_EQ(converse(R"({"jsonrpc":"2.0","method":"signet.hello","params":[1],"id":1})"),
              error_with(R"("code":-32601,"message":"Method not found")", "1"));
}

TEST_F(JsonRpc, PassesOverAResponseToNobody) {
    std::vector<std::byte> result;
    put_result_head(result, 77);
    append_value(result, 1);
    EXPECT_EQ(rpc_.answer(result), "");
}

TEST_F(JsonRpc, HasNoPlaceForCallsOfTheServers) {
    std::vector<std::byte> call;
    put_request_head(call, 1, "method", {}, 0);
    EXPECT_THROW(rpc_.answer(call), error);
}

TEST(JsonRpcBeginning, IsOneThatNoFrameHas) {
    for (unsigned value = 0; value < 256; ++value) {
        const bool json =
            std::string_view{"{[ \t\r\n"}.find(static_cast<char>(value)) != std::string_view::npos;
        EXPECT_EQ(json_rpc::begins(std::byte(value)), json);
    }
    EXPECT_FALSE(json_rpc::begins(std::byte{0x94}));
}

}  // namespace
}  // namespace signet::wire
