// SPDX-License-Identifier: Apache-2.0
// JSON-RPC against bytes made by mutating good ones. Whatever comes, each call is answered once, an
// answer is JSON, and what is refused throws `error`; sanitizers see to the rest.
#include <signet/base/error.hpp>
#include <signet/wire/arguments.hpp>
#include <signet/wire/json_rpc.hpp>
#include <signet/wire/json_rpc_samples_test.hpp>
#include <signet/wire/json_splitter.hpp>
#include <signet/wire/json_untyped_reader.hpp>
#include <signet/wire/mutator_test.hpp>
#include <signet/wire/rpc_frame.hpp>

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
    const auto all = std::as_bytes(std::span{text});
    return {all.begin(), all.end()};
}

std::string_view as_text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_json(std::string_view text) {
    detail::message_builder built;
    detail::json_scanner from{text};
    return append_untyped(built, from) && from.at_end();
}

/// One of the examples, changed: by any bytes, or by those that mean something.
std::vector<std::byte> tampered(mutator& change) {
    const auto& example = samples::json_rpc_examples[change.below(14)];
    std::vector<std::byte> text = bytes_of(example.sent);
    if (change.below(2) == 0) return change.mutate(text);
    constexpr std::string_view meaningful = "{}[]\",:\\0e-tfn \n";
    for (std::size_t changes = 1 + change.below(3); changes != 0; --changes) {
        const char c = meaningful[change.below(meaningful.size())];
        text[change.below(text.size())] = static_cast<std::byte>(c);
    }
    return text;
}

/// Has a connection's calls answered with nil. How many answers there were.
class nothing_server {
public:
    std::size_t take(std::span<const std::byte> bytes) {
        rpc_.give(bytes);
        std::size_t answers = 0;
        while (const auto frame = rpc_.next()) answers += answer(read_rpc_frame(*frame));
        return answers;
    }

private:
    std::size_t answer(const rpc_frame& call) {
        if (call.kind != rpc_kind::request) return 0;
        std::vector<std::byte> result;
        put_result_head(result, call.id);
        result.push_back(std::byte{0xc0});
        const std::string text = rpc_.answer(result);
        EXPECT_TRUE(text.empty() || is_json(text)) << text;
        EXPECT_EQ(rpc_.answer(result), "");
        return text.empty() ? 0 : 1;
    }

    json_rpc rpc_{1 << 20, [](std::string_view) { return std::vector<std::string>{"minuend"}; }};
};

TEST(HostileJson, OneGoodCallBehindAnyLineIsAnswered) {
    mutator change{1};
    const std::string good = "\n{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"id\":1}\n";
    for (int i = 0; i < 20'000; ++i) {
        nothing_server server;
        server.take(tampered(change));
        server.take(bytes_of("\n]}\"\n"));  // whatever was open is broken now
        EXPECT_EQ(server.take(bytes_of(good)), 1u);
    }
}

TEST(HostileJson, AnyBytesInAnyPiecesAreAnsweredOrNot) {
    mutator change{2};
    for (int i = 0; i < 5'000; ++i) {
        nothing_server server;
        for (int piece = 0; piece < 5; ++piece) server.take(change.bytes(change.below(40)));
        for (const std::byte one : tampered(change)) server.take({&one, 1});
    }
}

TEST(HostileJson, WhatIsReadIsJson) {
    mutator change{3};
    int read = 0;
    for (int i = 0; i < 20'000; ++i) {
        const auto bytes = tampered(change);
        const bool calls = read_json_calls(as_text(bytes)).has_value();
        EXPECT_EQ(calls, is_json(as_text(bytes))) << as_text(bytes);
        read += calls ? 1 : 0;
    }
    EXPECT_GT(read, 1'000);
}

TEST(HostileJson, WhatIsJsonIsFoundWhole) {
    mutator change{4};
    int found = 0;
    for (int i = 0; i < 20'000; ++i) {
        auto bytes = tampered(change);
        if (!is_json(as_text(bytes))) continue;
        ++found;
        bytes.push_back(std::byte{'\n'});
        json_splitter splitter{1 << 20};
        splitter.give(bytes);
        const auto text = splitter.next();
        EXPECT_TRUE(text && is_json(as_text(*text))) << as_text(bytes);
        EXPECT_FALSE(splitter.next());
    }
    EXPECT_GT(found, 1'000);
}

TEST(HostileJson, DepthIsAnsweredByOneError) {
    nothing_server server;
    EXPECT_EQ(server.take(bytes_of(std::string(1'000'000, '['))), 1u);
    std::string objects;
    for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
    EXPECT_EQ(server.take(bytes_of("\n" + objects)), 1u);
    EXPECT_EQ(server.take(bytes_of("\n[]\n")), 1u);
}

TEST(HostileJson, ATextWithoutEndIsRefused) {
    nothing_server server;
    EXPECT_THROW(server.take(bytes_of("{\"a\":\"" + std::string(2 << 20, 'x'))), error);
}

TEST(HostileJson, TextThatIsNotUtf8IsNoJson) {
    nothing_server server;
    EXPECT_EQ(server.take(bytes_of("{\"jsonrpc\":\"2.0\",\"method\":\"\xff\"}\n")), 1u);
    EXPECT_EQ(server.take(bytes_of("{\"jsonrpc\":\"2.0\",\"method\":\"\\ud800\"}\n")), 1u);
    EXPECT_EQ(server.take(bytes_of("{\"jsonrpc\":\"2.0\",\"method\":\"\xc3\xa9\"}\n")), 0u);
}

}  // namespace
}  // namespace signet::wire
