// SPDX-License-Identifier: Apache-2.0
// Services between real processes, over each carrier that goes both ways: streams, functions called
// back, batches, open files, deadlines and stops through three processes, loops. Apart from
// service_streams_test.cpp, since what forks is not for the thread sanitizer.
#include "channel_carriers.hpp"

#include <signet/loop.hpp>
#include <signet/service.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/forked_peer.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;
using testing::eventually;
using testing::forked_peer;

stream<std::string> blocks(int count, std::size_t bytes) {
    for (int i = 0; i < count; ++i) co_yield std::string(bytes, 'x');
}

std::size_t resident_bytes() {
    std::ifstream file{"/proc/self/statm"};
    std::size_t all = 0;
    std::size_t resident = 0;
    file >> all >> resident;
    return resident * 4096;
}

std::string read_text(const os::descriptor& from) {
    std::array<char, 100> text{};
    const ssize_t got = read(from.get(), text.data(), text.size());
    return {text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

/// The most that was in memory since this was asked last, what is shared included.
std::size_t take_peak_bytes() {
    std::ifstream file{"/proc/self/status"};
    std::size_t kilobytes = 0;
    for (std::string word; kilobytes == 0 && file >> word;) {
        if (word == "VmHWM:") file >> kilobytes;
    }
    std::ofstream{"/proc/self/clear_refs"} << 5;
    return kilobytes << 10;
}

/// The file that is mapped there: its inode, as the kernel tells it.
std::string file_at(const void* where) {
    const auto wanted = reinterpret_cast<std::uintptr_t>(where);
    std::ifstream maps{"/proc/self/maps"};
    for (std::string line; std::getline(maps, line);) {
        std::uintptr_t begin = 0, end = 0;
        unsigned long inode = 0;
        std::sscanf(line.c_str(), "%lx-%lx %*s %*s %*s %lu", &begin, &end, &inode);
        if (begin <= wanted && wanted < end) return std::to_string(inode);
    }
    return "none";
}

/// As large as a page, so that each is touched.
struct block {
    std::uint64_t number;
    std::array<std::uint64_t, 511> rest;
};
static_assert(sizeof(block) == 4096);

large<block> make_blocks(std::size_t count) {
    large_draft<block> draft{count};
    std::uint64_t next = 0;
    for (block& one : draft.items()) one.number = next++;
    return std::move(draft).seal();
}

std::uint64_t sum_of(const large<block>& blocks) {
    std::uint64_t sum = 0;
    for (const block& one : blocks) sum += one.number;
    return sum;
}

struct both_ends {
    os::descriptor reading;
    os::descriptor writing;
};

both_ends make_pipe() {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) throw std::runtime_error{"no pipe"};
    return {os::descriptor{ends[0]}, os::descriptor{ends[1]}};
}

class ServiceProcesses : public ::testing::TestWithParam<const transport::carrier*> {
protected:
    static void handle_all(server& by) {
        by.handle("add", [](int a, int b) { return a + b; });
        by.handle("blocks", blocks);
        by.handle("memory", resident_bytes);
        by.handle("bytes of", [](stream<std::string> items) {
            std::size_t bytes = 0;
            for (const auto& one : items) bytes += one.size();
            return bytes;
        });
        by.handle("ask", [](const std::function<int(int)>& what) { return what(1) + what(2); });
        by.handle("ask name", [] { return current_call()->call<std::string>("name"); });
        by.handle("text in", read_text);
        by.handle("make blocks", make_blocks);
        by.handle("sum", sum_of);
        by.handle("same", [](large<block> one) { return one; });
        by.handle("file at", [](const large<block>& one) { return file_at(one.items().data()); });
        by.handle("take peak", take_peak_bytes);
        by.handle("a pipe", [] {
            both_ends made = make_pipe();
            if (write(made.writing.get(), "from afar", 9) != 9) throw std::runtime_error{"write"};
            return std::move(made.reading);
        });
        by.handle("hold", [] {
            const std::stop_token stop = current_call()->stop_token();
            if (!eventually([&] { return stop.stop_requested(); })) _exit(1);
        });
    }

    int serve() const {
        server here{first_, {.descriptors_max = 2}};
        handle_all(here);
        here.serve_in_background(1);
        here.serve();
        return 0;
    }

    /// Passes a call on to the first server.
    int serve_between() const {
        server here{second_};
        client behind = connect(first_);
        here.handle("hold", [&] { behind.call("hold"); });
        here.serve();
        return 0;
    }

    int serve_in_loop() const {
        loop in{wait_mode::sleep};
        server here{first_};
        here.handle("add", [&in](int a, int b) -> task<int> {
            co_await in.sleep_for(1ms);
            co_return a + b;
        });
        in.spawn(here.serve(in));
        in.run();
        return 0;
    }

    static client connect(const std::string& where, const client_options& options = {}) {
        std::optional<client> found;
        eventually([&] {
            try {
                return found.emplace(where, options), true;
            } catch (const error&) {
                return false;
            }
        });
        if (!found) throw std::runtime_error{"nobody serves"};
        return std::move(*found);
    }

    address_book book_{GetParam()->facts()};
    const std::string first_ = book_.address(0);  // the same for all processes
    const std::string second_ = book_.address(1);
};

TEST_P(ServiceProcesses, StreamToASlowReaderInBoundedMemoryWhileOthersAreServed) {
    forked_peer serves{[this] { return serve(); }};
    client slow = connect(first_);
    client other = connect(first_);
    const auto before = other.call<std::size_t>("memory");
    auto unread = slow.call<stream<std::string>>("blocks", 100'000, 5000);
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(unread.next());
    for (int i = 0; i < 100; ++i) EXPECT_EQ((other.call<int>("add", 2, 3)), 5);
    EXPECT_LT(other.call<std::size_t>("memory"), before + (std::size_t{16} << 20));
}

TEST_P(ServiceProcesses, ReadStreamsFromAnotherProcess) {
    forked_peer serves{[this] { return serve(); }};
    client there = connect(first_);
    EXPECT_EQ(there.call<std::size_t>("bytes of", blocks(500, 2000)), 1'000'000u);
    std::size_t bytes = 0;
    for (const auto& one : there.call<stream<std::string>>("blocks", 500, 2000)) {
        bytes += one.size();
    }
    EXPECT_EQ(bytes, 1'000'000u);
}

TEST_P(ServiceProcesses, CallBackAndUseResultsAsArguments) {
    forked_peer serves{[this] { return serve(); }};
    client there = connect(first_);
    there.handle("name", [] { return "client of " + std::to_string(getpid()); });
    EXPECT_EQ(there.call<int>("ask", [](int x) { return 10 * x; }), 30);
    EXPECT_EQ(there.call<std::string>("ask name"), "client of " + std::to_string(getpid()));
    batch together{there};
    auto five = together.call<int>("add", 2, 3);
    auto ten = together.call<int>("add", five, five);
    together.send();
    EXPECT_EQ(ten.get(), 10);
}

TEST_P(ServiceProcesses, EndWhatIsCalledBehindThemWithTheCallThatItIsPartOf) {
    forked_peer serves{[this] { return serve(); }};
    forked_peer between{[this] { return serve_between(); }};
    client there = connect(second_);
    EXPECT_THROW(there.call_for(50ms, "hold"), call_error);
    {
        const auto given_up = there.async_call("hold");
    }
    client direct = connect(first_);
    for (int i = 0; i < 10; ++i) EXPECT_EQ((direct.call<int>("add", 2, 3)), 5);
    EXPECT_THROW(there.call_for(50ms, "hold"), call_error);  // its only thread is free again
}

TEST_P(ServiceProcesses, ServeInALoop) {
    forked_peer serves{[this] { return serve_in_loop(); }};
    client there = connect(first_);
    std::vector<async_result<int>> all;
    for (int i = 0; i < 50; ++i) all.push_back(there.async_call<int>("add", i, 1));
    for (int i = 0; i < 50; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)].get(), i + 1);
}

INSTANTIATE_TEST_SUITE_P(Over, ServiceProcesses,
                         ::testing::ValuesIn(carriers_of_service_processes()), scheme_of);

// ---- open files ---------------------------------------------------------------------------------

class ServicesWithFiles : public ServiceProcesses {};

TEST_P(ServicesWithFiles, HandOpenFilesOver) {
    forked_peer serves{[this] { return serve(); }};
    client there = connect(first_, {.descriptors_max = 1});
    const both_ends ours = make_pipe();
    ASSERT_EQ(write(ours.writing.get(), "hello", 5), 5);
    EXPECT_EQ(there.call<std::string>("text in", ours.reading), "hello");
    EXPECT_EQ(read_text(there.call<os::descriptor>("a pipe")), "from afar");
}

constexpr std::size_t many = std::size_t{64} << 10;  // 256 MiB of blocks
constexpr std::uint64_t sum_of_many = many * (many - 1) / 2;

TEST_P(ServicesWithFiles, HandLargeMemoryOverWithoutACopyAtEitherEnd) {
    forked_peer serves{[this] { return serve(); }};
    client there = connect(first_, {.descriptors_max = 1});
    take_peak_bytes();  // of what ran before
    there.call<std::size_t>("take peak");
    const std::size_t ours = take_peak_bytes();
    const auto theirs = there.call<std::size_t>("take peak");
    EXPECT_EQ(there.call<std::uint64_t>("sum", make_blocks(many)), sum_of_many);
    EXPECT_EQ(sum_of(there.call<large<block>>("make blocks", many)), sum_of_many);
    constexpr std::size_t once = many * sizeof(block);
    EXPECT_LT(take_peak_bytes(), ours + once * 3 / 2);
    EXPECT_LT(there.call<std::size_t>("take peak"), theirs + once * 3 / 2);
}

TEST_P(ServicesWithFiles, HandTheSamePagesOver) {
    forked_peer serves{[this] { return serve(); }};
    client there = connect(first_, {.descriptors_max = 1});
    const auto blocks = make_blocks(10);
    const std::string ours = file_at(blocks.items().data());
    EXPECT_EQ(there.call<std::string>("file at", blocks), ours);
    EXPECT_EQ(file_at(there.call<large<block>>("same", blocks).items().data()), ours);
}

TEST_P(ServicesWithFiles, KeepLargeMemoryWhoseMakerIsDead) {
    large<block> kept;
    {
        forked_peer serves{[this] { return serve(); }};
        client there = connect(first_, {.descriptors_max = 1});
        kept = there.call<large<block>>("make blocks", 100);
    }
    EXPECT_EQ(sum_of(kept), 4950u);
}

TEST_P(ServicesWithFiles, FailClearlyWhereOpenFilesAreTooManyOrNotTaken) {
    forked_peer serves{[this] { return serve(); }};
    const os::descriptor file = os::duplicate(0);
    client there = connect(first_);  // which takes none
    EXPECT_THROW(there.call<os::descriptor>("a pipe"), call_error);
    EXPECT_THROW(there.call("text in", file, file, file), call_error);
    EXPECT_EQ((there.call<int>("add", 2, 3)), 5);
}

std::vector<const transport::carrier*> those_that_pass_files() {
    auto all = carriers_of_service_processes();
    std::erase_if(all, [](const auto* one) { return !one->facts().passes_descriptors; });
    return all;
}

INSTANTIATE_TEST_SUITE_P(Over, ServicesWithFiles, ::testing::ValuesIn(those_that_pass_files()),
                         scheme_of);

}  // namespace
}  // namespace signet::tests
