// SPDX-License-Identifier: Apache-2.0
// What the kernel is asked for: nothing where nobody waits, and one call to wake somebody.
#include <signet/os/kernel.hpp>
#include <signet/sync/barrier.hpp>
#include <signet/sync/condition_variable.hpp>
#include <signet/sync/event.hpp>
#include <signet/sync/mutex.hpp>
#include <signet/sync/region_core.hpp>
#include <signet/sync/semaphore.hpp>
#include <signet/sync/shared_mutex.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <functional>
#include <mutex>
#include <shared_mutex>
#include <vector>

namespace signet::sync {
namespace {

thread_local std::vector<long>* made_here = nullptr;
os::kernel_entry real_entry = nullptr;

long note_call(long number, const os::kernel_arguments& arguments) {
    if (made_here != nullptr) made_here->push_back(number);
    return real_entry(number, arguments);
}

/// The system calls that this thread makes in `body`.
std::vector<long> calls_of(const std::function<void()>& body) {
    std::vector<long> made;
    made.reserve(16);
    real_entry = os::exchange_kernel_entry(note_call);
    made_here = &made;
    body();
    made_here = nullptr;
    os::exchange_kernel_entry(real_entry);
    return made;
}

const std::vector<long> no_call;
const std::vector<long> one_futex_call{SYS_futex};

using wait_body = std::function<void(const region&)>;

/// Another process, which waits for something when it is told to. Made before the region is opened.
class waiter {
public:
    waiter(const region_options& where, const wait_body& wait)
        : peer_{[where, wait]() -> int {
              const region shop{"shop", where};
              event{shop, "go"}.wait();
              wait(shop);
              return 0;
          }} {}

    /// Returns when it is about to sleep: when the bit that says so is set in the object's word.
    void sleep_on(const region& shop, memory::object_kind kind, std::string_view name,
                  std::uint32_t bit) {
        event{shop, "go"}.set();
        const found_object object = shop.core()->find_or_make_any({.kind = kind, .name = name});
        const auto& word = *reinterpret_cast<lock_word*>(object.where);
        ASSERT_TRUE(
            testing::eventually([&] { return (word.load(std::memory_order_relaxed) & bit) != 0; }));
    }

    int exit_code() { return peer_.exit_code(); }

private:
    testing::forked_peer peer_;
};

class SystemCalls : public ::testing::Test {
protected:
    testing::temporary_directory place_;
    region_options where_{.directory = place_.path()};
};

TEST_F(SystemCalls, AreNotMadeByLocksThatNobodyWaitsFor) {
    const region shop{"shop", where_};
    mutex one{shop, "one"};
    shared_mutex two{shop, "two"};
    EXPECT_EQ(calls_of([&] { const std::scoped_lock both{one, two}; }), no_call);
    EXPECT_EQ(calls_of([&] { const std::shared_lock shared{two}; }), no_call);
}

TEST_F(SystemCalls, AreNotMadeByPermitsThatNobodyWaitsFor) {
    const region shop{"shop", where_};
    semaphore permits{shop, "permits", 1};
    permit_pool pool{shop, "pool", 2};
    const auto take_and_give = [](auto& from) {
        from.acquire();
        from.release();
    };
    EXPECT_EQ(calls_of([&] { take_and_give(permits); }), no_call);
    EXPECT_EQ(calls_of([&] { take_and_give(pool); }), no_call);
}

TEST_F(SystemCalls, AreNotMadeByNewsThatNobodyWaitsFor) {
    const region shop{"shop", where_};
    event bell{shop, "bell"};
    condition_variable changed{shop, "changed"};
    EXPECT_EQ(calls_of([&] { bell.set(); }), no_call);
    EXPECT_EQ(calls_of([&] { bell.wait(); }), no_call);
    EXPECT_EQ(calls_of([&] { changed.notify_all(); }), no_call);
}

TEST_F(SystemCalls, OneWakesWhoWaitsForAMutex) {
    waiter other{where_, [](const region& shop) {
                     mutex till{shop, "till"};
                     const std::scoped_lock mine{till};
                 }};
    const region shop{"shop", where_};
    mutex till{shop, "till"};
    till.lock();
    other.sleep_on(shop, memory::object_kind::mutex, "till", memory::waiters_bit);
    EXPECT_EQ(calls_of([&] { till.unlock(); }), one_futex_call);
    EXPECT_EQ(other.exit_code(), 0);
}

TEST_F(SystemCalls, OneWakesWhoWaitsForAPermit) {
    waiter other{where_, [](const region& shop) { semaphore{shop, "permits", 0}.acquire(); }};
    const region shop{"shop", where_};
    semaphore permits{shop, "permits", 0};
    other.sleep_on(shop, memory::object_kind::semaphore, "permits", 1);
    EXPECT_EQ(calls_of([&] { permits.release(); }), one_futex_call);
    EXPECT_EQ(other.exit_code(), 0);
}

TEST_F(SystemCalls, OneWakesWhoWaitsForAnEvent) {
    waiter other{where_, [](const region& shop) { event{shop, "bell"}.wait(); }};
    const region shop{"shop", where_};
    event bell{shop, "bell"};
    other.sleep_on(shop, memory::object_kind::event, "bell", 1);
    EXPECT_EQ(calls_of([&] { bell.set(); }), one_futex_call);
    EXPECT_EQ(other.exit_code(), 0);
}

TEST_F(SystemCalls, OneWakesWhoSleepsAtABarrier) {
    waiter other{where_, [](const region& shop) {
                     barrier{shop, "meeting", 2, life::wait_mode::sleep}.arrive_and_wait();
                 }};
    const region shop{"shop", where_};
    barrier ours{shop, "meeting", 2};
    other.sleep_on(shop, memory::object_kind::barrier, "meeting", 1);
    EXPECT_EQ(calls_of([&] { ours.arrive_and_wait(); }), one_futex_call);
    EXPECT_EQ(other.exit_code(), 0);
}

}  // namespace
}  // namespace signet::sync
