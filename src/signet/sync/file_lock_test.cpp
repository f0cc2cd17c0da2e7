// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/file_lock.hpp>

#include <signet/testing/circumstances.hpp>
#include <signet/testing/in_region.hpp>

#include <mutex>
#include <shared_mutex>

namespace signet::sync {
namespace {

using namespace std::chrono_literals;
using testing::in_region;
using testing::mistake_of;
using testing::region_peer;

class FileLock : public in_region {
protected:
    const std::string path_ = place_.path() + "/lock";
};

TEST_F(FileLock, IsHadByOneOrSharedByMany) {
    file_lock one{path_};
    file_lock other{path_};
    {
        const std::unique_lock alone{one};
        EXPECT_FALSE(other.try_lock());
        EXPECT_FALSE(other.try_lock_shared());
    }
    const std::shared_lock shares{one};
    EXPECT_TRUE(other.try_lock_shared());
    other.unlock_shared();
    EXPECT_FALSE(other.try_lock());
}

TEST_F(FileLock, IsLetGoByTheDead) {
    region_peer holds{where_, [&](const region&, const region_peer::say& says) {
                          file_lock lock{path_};
                          lock.lock();
                          says();
                          testing::wait_to_be_killed();
                      }};
    EXPECT_TRUE(holds.has_said());
    file_lock lock{path_};
    EXPECT_FALSE(lock.try_lock());
    testing::watched_thread waits{[&] { lock.lock(); }};
    EXPECT_TRUE(waits.falls_asleep());
    holds.kill();
}

TEST_F(FileLock, IsNotLetGoByAForkedChild) {
    file_lock lock{path_};
    lock.lock();
    EXPECT_EQ(testing::exit_code_of_forked([&] { return lock.unlock(), 0; }), 0);
    EXPECT_FALSE(file_lock{path_}.try_lock());
}

TEST_F(FileLock, IsLockedAndUnlockedInTurn) {
    file_lock lock{path_};
    EXPECT_EQ(mistake_of([&] { lock.unlock(); }), "unlock file '" + path_ + "': it is not locked");
    lock.lock();
    EXPECT_EQ(mistake_of([&] { lock.lock(); }), "lock file '" + path_ + "': this object has it");
    EXPECT_NE(mistake_of([&] { static_cast<void>(lock.try_lock_shared()); }), "no mistake");
}

TEST_F(FileLock, TakesTheRightToOpenTheFile) {
    const file_lock lock{path_};
    const int code = testing::exit_code_as_nobody([&] {
        const std::string told = testing::complaint_of([&] { file_lock other{path_}; });
        return told.find("Permission denied") != std::string::npos ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace signet::sync
