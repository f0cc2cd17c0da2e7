// SPDX-License-Identifier: Apache-2.0
// Large memory as arguments and results: what the other end may send in its place, and how it goes
// to who takes no open files. Without a copy, between processes, is in service_processes_test.cpp.
#include "channel_carriers.hpp"

#include <signet/os/memfd.hpp>
#include <signet/os/pipe.hpp>
#include <signet/service.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace signet::tests {
namespace {

large<std::uint32_t> numbers(std::size_t count) {
    large_draft<std::uint32_t> draft{count};
    std::iota(draft.items().begin(), draft.items().end(), 1u);
    return std::move(draft).seal();
}

std::uint64_t sum_of(const large<std::uint32_t>& of) {
    return std::accumulate(of.begin(), of.end(), std::uint64_t{0});
}

// What is sealed stays as it is, and what is sent is sealed.
template <class Draft>
concept seals_in_place = requires(Draft& draft) { draft.seal(); };
template <class Large>
concept writable = requires(Large& memory) { memory.items()[0] = 1; };
static_assert(!seals_in_place<large_draft<int>>);
static_assert(!writable<large<int>>);
static_assert(writable<large_draft<int>>);
static_assert(!std::is_copy_constructible_v<large_draft<int>>);
static_assert(!std::is_convertible_v<large_draft<int>, large<int>>);

void expect_failure(const std::function<void()>& call, ran fate, std::string_view why) {
    try {
        call();
        ADD_FAILURE() << "it did not fail";
    } catch (const call_error& e) {
        EXPECT_EQ(e.ran(), fate);
        EXPECT_NE(std::string_view{e.what()}.find(why), std::string_view::npos) << e.what();
    }
}

class ServicesWithLargeMemory : public ::testing::TestWithParam<const transport::carrier*> {
protected:
    ServicesWithLargeMemory() {
        server_.handle("sum", sum_of);
        server_.handle("sums", [](const large<std::uint32_t>& a, const large<std::uint32_t>& b) {
            return sum_of(a) + sum_of(b);
        });
        server_.handle("numbers", numbers);
        server_.handle("same", [](large<std::uint32_t> one) { return one; });
        server_.handle("ask", [](const std::function<large<int>(const large<int>&)>& what) {
            return what(large<int>{std::vector{1, 2, 3}}).size();
        });
        server_.serve_in_background(2);
    }

    client connect(std::size_t files) const {
        return client{server_.address(), {.descriptors_max = files}};
    }

    address_book book_{GetParam()->facts()};
    server server_{book_.address(), {.descriptors_max = 1}};
};

TEST_P(ServicesWithLargeMemory, TakeAndGiveIt) {
    client desk = connect(1);
    EXPECT_EQ(desk.call<std::uint64_t>("sum", numbers(1000)), 500'500u);
    EXPECT_EQ(sum_of(desk.call<large<std::uint32_t>>("numbers", 1000)), 500'500u);
    EXPECT_EQ(desk.call<large<std::uint32_t>>("same", numbers(7)).size(), 7u);
}

TEST_P(ServicesWithLargeMemory, TakeAndGiveNone) {
    client desk = connect(1);
    EXPECT_EQ(desk.call<std::uint64_t>("sum", large<std::uint32_t>{}), 0u);
    EXPECT_TRUE(desk.call<large<std::uint32_t>>("same", large<std::uint32_t>{}).empty());
}

TEST_P(ServicesWithLargeMemory, SendBytesToWhoTakesNoOpenFiles) {
    client desk = connect(0);
    EXPECT_EQ(sum_of(desk.call<large<std::uint32_t>>("numbers", 1000)), 500'500u);
    EXPECT_EQ(desk.call<std::uint64_t>("sum", numbers(1000)), 500'500u);
}

TEST_P(ServicesWithLargeMemory, SendAsManyFilesAsAreTakenAndTheRestAsBytes) {
    client desk = connect(1);  // the server takes one, too
    EXPECT_EQ(desk.call<std::uint64_t>("sums", numbers(10), numbers(20)), 55u + 210u);
}

TEST_P(ServicesWithLargeMemory, PassItToFunctionsThatAreCalledBack) {
    client desk = connect(1);
    const auto turned = [](const large<int>& one) {
        return large<int>{std::vector(one.items().rbegin(), one.items().rend())};
    };
    EXPECT_EQ(desk.call<std::size_t>("ask", turned), 3u);
}

TEST_P(ServicesWithLargeMemory, PassItInBatches) {
    client desk = connect(1);
    batch together{desk};
    auto one = together.call<std::uint64_t>("sum", numbers(10));
    auto other = together.call<std::uint64_t>("sum", numbers(20));
    together.send();
    EXPECT_EQ(one.get() + other.get(), 55u + 210u);
}

/// Forwards all that it receives to that server, until it is stopped.
class middleman {
public:
    middleman(const std::string& where, const std::string& behind)
        : server_{where, {.descriptors_max = 1}}, behind_{behind, {.descriptors_max = 1}} {}
    ~middleman() {
        server_.stop();
        thread_.join();
    }

    std::string address() const { return server_.address(); }

private:
    void forward_all() {
        while (auto next = server_.receive()) next->forward(behind_);
    }

    server server_;
    client behind_;
    std::thread thread_{[this] { forward_all(); }};
};

TEST_P(ServicesWithLargeMemory, ForwardItAsItCame) {
    const middleman between{book_.address(1), server_.address()};
    client desk{between.address(), {.descriptors_max = 1}};
    EXPECT_EQ(sum_of(desk.call<large<std::uint32_t>>("same", numbers(1000))), 500'500u);
}

TEST_P(ServicesWithLargeMemory, TellWhoTakesNoOpenFilesThatOneWasForwarded) {
    const middleman between{book_.address(1), server_.address()};
    client desk{between.address()};
    try {
        EXPECT_EQ(sum_of(desk.call<large<std::uint32_t>>("numbers", 1000)), 500'500u);
    } catch (const remote_error& e) {
        EXPECT_TRUE(GetParam()->facts().passes_descriptors) << "bytes are passed on";
        EXPECT_EQ(e.text(), "its result is an open file, and its caller takes none");
    }
}

TEST_P(ServicesWithLargeMemory, RefuseWhatIsNoWholeNumberOfItems) {
    client desk = connect(1);
    const large<char> text{std::vector{'a', 'b', 'c'}};
    expect_failure([&] { desk.call("sum", text); }, ran::no, "is not a whole number of items");
    expect_failure([&] { desk.call<large<std::uint64_t>>("numbers", 3); }, ran::yes,
                   "is not a whole number of items");
}

TEST_P(ServicesWithLargeMemory, RefuseWhatIsNeitherMemoryNorBytes) {
    client desk = connect(1);
    expect_failure([&] { desk.call("sum", std::vector{1, 2, 3}); }, ran::no, "is not bytes");
    expect_failure([&] { desk.call<large<std::uint32_t>>("sum", numbers(1)); }, ran::yes,
                   "is neither memory nor bytes");
}

TEST_P(ServicesWithLargeMemory, SayWhatTheyTake) {
    const auto methods = connect(1).describe();
    const auto sum = std::find_if(methods.begin(), methods.end(),
                                  [](const auto& one) { return one.name == "sum"; });
    ASSERT_NE(sum, methods.end());
    EXPECT_EQ(sum->parameters.at(0).type, "large memory of u32");
}

INSTANTIATE_TEST_SUITE_P(Over, ServicesWithLargeMemory, ::testing::ValuesIn(carriers_of_services()),
                         scheme_of);

// ---- what a peer may send in its place ----------------------------------------------------------

class LargeMemoryOfAPeer : public ::testing::TestWithParam<const char*> {
protected:
    LargeMemoryOfAPeer() {
        setenv("SIGNET_DIR", place_.path().c_str(), 1);
        server_.emplace(address(), server_options{.descriptors_max = 1});
        server_->handle("sum", sum_of);
        server_->handle("file", [this] { return made_(); });
        server_->serve_in_background(1);
    }

    std::string address() const {
        const std::string scheme = GetParam();
        return scheme + "://" + (scheme == "unix" ? place_.path() + "/desk" : "desk");
    }

    /// As an argument, and as a result.
    void expect_refused(const std::function<os::descriptor()>& made, std::string_view why) {
        made_ = made;
        client desk{server_->address(), {.descriptors_max = 1}};
        expect_failure([&] { desk.call("sum", made()); }, ran::no, why);
        expect_failure([&] { desk.call<large<std::uint32_t>>("file"); }, ran::yes, why);
        EXPECT_EQ(desk.call<std::uint64_t>("sum", numbers(4)), 10u);
    }

    testing::temporary_directory place_;
    std::function<os::descriptor()> made_;
    std::optional<server> server_;
};

os::descriptor memory(std::uint64_t bytes, std::uint64_t present, os::seals seals) {
    os::descriptor made = os::create_memfd("test", bytes);
    if (present != 0) os::allocate(made, 0, present);
    os::add_seals(made, seals);
    return made;
}

constexpr os::seals enough = os::seals::write | os::seals::shrink;

TEST_P(LargeMemoryOfAPeer, IsRefusedWhereItIsNoMemory) {
    expect_refused([] { return os::duplicate(os::pipe_ends::create().reader.fd()); },
                   "is a file that is not plain memory");
    expect_refused([] { return os::duplicate(STDIN_FILENO); }, "is a file that is not plain");
}

TEST_P(LargeMemoryOfAPeer, IsRefusedWhereItCouldStillChangeOrBeCut) {
    for (const os::seals some : {os::seals::none, os::seals::write, os::seals::shrink,
                                 os::seals::shrink | os::seals::grow | os::seals::future_write}) {
        expect_refused([=] { return memory(4096, 4096, some); }, "is memory that is not sealed");
    }
}

TEST_P(LargeMemoryOfAPeer, IsRefusedWhereItIsNotAllThere) {
    expect_refused([] { return memory(std::uint64_t{1} << 40, 4096, enough); },
                   "is memory that is not all there");
    expect_refused([] { return memory(0, 0, enough); }, "is memory of no bytes");
    expect_refused([] { return memory(4095, 4095, enough); }, "is not a whole number of items");
}

INSTANTIATE_TEST_SUITE_P(Over, LargeMemoryOfAPeer, ::testing::Values("unix", "shm"),
                         [](const auto& of) { return std::string{of.param}; });

}  // namespace
}  // namespace signet::tests
