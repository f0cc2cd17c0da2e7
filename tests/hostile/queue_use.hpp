// SPDX-License-Identifier: Apache-2.0
// Doing everything with a queue that may be damaged: what fails with an error does not keep the
// rest from being done, and nothing comes again without end. One thread.
#pragma once

#include <signet/pattern/queue/queue_core.hpp>
#include <signet/testing/failures.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace signet::tests {

/// Far more than there are: who gets so many gets the same again and again.
inline constexpr int messages_most = 200;

inline std::vector<std::byte> message_of(std::size_t bytes) {
    std::vector<std::byte> all(bytes);
    if (bytes != 0) all.front() = std::byte{1};
    if (bytes != 0) all.back() = std::byte{2};
    return all;
}

/// Reads all of it, so that a view of what is not ours is found.
inline unsigned sum_of(std::span<const std::byte> bytes) {
    unsigned sum = 0;
    for (const std::byte one : bytes) sum += std::to_integer<unsigned>(one);
    return sum;
}

inline pattern::message_id id_of(unsigned char number) {
    pattern::message_id id;
    id.bytes.fill(std::byte{number});
    return id;
}

/// What a queue can have in it: all sizes, extras, states.
inline void fill(pattern::queue_core& jobs) {
    for (const std::size_t bytes : {0, 8, 24, 25, 64, 500, 9000, 0}) {
        jobs.try_push(message_of(bytes));
    }
    jobs.try_push(message_of(10), {.priority = 1, .expires = std::chrono::hours{1}});
    jobs.try_push(message_of(10), {.id = id_of(1), .reply_to = "somebody/waits"});
    jobs.try_push(message_of(10), {.delay = std::chrono::hours{1}});
    if (auto one = jobs.try_pop()) jobs.dead_letter(std::move(*one), "it is not wanted");
    if (auto one = jobs.try_pop()) jobs.give_back(std::move(*one));
    if (auto one = jobs.try_pop()) jobs.acknowledge(std::move(*one));
}

inline void look(pattern::queue_core& jobs) {
    unsigned sum = 0;
    testing::complaint_of([&] {
        for (const auto& one : jobs.peek(100)) sum += sum_of(one.payload);
    });
    testing::complaint_of([&] {
        for (const auto& one : jobs.peek_dead_letters(100)) sum += sum_of(one.payload);
    });
    testing::complaint_of([&] { jobs.account(); });
    EXPECT_LT(sum, 1u << 30);
}

inline void take_all(pattern::queue_core& jobs) {
    unsigned sum = 0;
    int taken = 0;
    for (bool more = true; more && taken < messages_most; ++taken) {
        testing::complaint_of([&] {
            more = false;
            auto one = jobs.try_pop();
            if (!one) return;
            more = true;
            sum += sum_of(one->payload()) + sum_of(std::as_bytes(std::span{one->reply_to()}));
            jobs.acknowledge(std::move(*one));
        });
    }
    EXPECT_LT(taken, messages_most) << "the same comes again and again: " << sum;
}

/// Does everything once; what fails with an error does not keep the rest from being done.
inline void use(pattern::queue_core& jobs) {
    look(jobs);
    testing::complaint_of([&] { jobs.redrive(10); });
    take_all(jobs);
    testing::complaint_of([&] { fill(jobs); });
    testing::complaint_of([&] {
        if (auto space = jobs.try_loan(300)) {
            std::fill(space->payload().begin(), space->payload().end(), std::byte{3});
            jobs.push(std::move(*space));
        }
    });
    look(jobs);
    testing::complaint_of([&] { jobs.purge(); });
    testing::complaint_of([&] { jobs.purge_dead_letters(); });
    take_all(jobs);
}

}  // namespace signet::tests
