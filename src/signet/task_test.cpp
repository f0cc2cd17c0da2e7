// SPDX-License-Identifier: Apache-2.0
#include <signet/task.hpp>

#include <signet/loop.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace signet {
namespace {

task<int> one() {
    co_return 1;
}

task<int> sum(int depth) {
    if (depth == 0) co_return 0;
    const int first = co_await one();
    co_return first + co_await sum(depth - 1);
}

task<std::unique_ptr<int>> owned(int value) {
    co_return std::make_unique<int>(value);
}

task<> failing() {
    co_await one();
    throw std::runtime_error{"no"};
}

/// Runs a task to its end, and says what it yielded.
template <class T>
T result_of(task<T> body) {
    std::optional<T> result;
    loop here;
    here.spawn([](task<T> inner, std::optional<T>& to) -> task<> {
        to.emplace(co_await std::move(inner));
    }(std::move(body), result));
    here.run();
    return std::move(*result);
}

TEST(Task, ItsResultIsThatOfTheAwait) {
    EXPECT_EQ(result_of(one()), 1);
    EXPECT_EQ(*result_of(owned(7)), 7);
}

TEST(Task, TasksThatAwaitTasksMayBeDeep) {
    EXPECT_EQ(result_of(sum(1000)), 1000);
}

TEST(Task, NothingHappensBeforeItIsAwaited) {
    bool ran = false;
    {
        const auto body = [&]() -> task<> {
            ran = true;
            co_return;
        };
        const task<> never_awaited = body();
    }
    EXPECT_FALSE(ran);
}

TEST(Task, WhatItThrowsGoesToWhoAwaitsIt) {
    std::string said;
    loop here;
    here.spawn([](std::string& to) -> task<> {
        try {
            co_await failing();
        } catch (const std::runtime_error& e) {
            to = e.what();
        }
    }(said));
    here.run();
    EXPECT_EQ(said, "no");
}

}  // namespace
}  // namespace signet
