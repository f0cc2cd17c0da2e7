// SPDX-License-Identifier: Apache-2.0
#include <signet/testing/recorded_disk.hpp>

#include <signet/os/file.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signet::testing {
namespace {

class RecordedDiskTest : public ::testing::Test {
protected:
    std::string after(const std::vector<recorded_disk::arrival>& arrived) {
        const temporary_directory image;
        disk.replay(image.path(), arrived);
        return os::read_file(image.path() + "/a", 1 << 20).value_or("nothing");
    }

    temporary_directory root;
    os::file made = os::file::create_sized(root.path() + "/a", 2000);
    recorded_disk disk{root.path()};
};

TEST_F(RecordedDiskTest, WhatWasThereBeforeIsDurable) {
    EXPECT_EQ(after({}), std::string(2000, '\0'));
}

TEST_F(RecordedDiskTest, WhatIsNotSyncedArrivesAsOneLikes) {
    made.write_at(0, bytes_of(std::string(1024, 'x')));
    ASSERT_EQ(disk.pieces(), 2U);
    EXPECT_EQ(after({}).substr(0, 1), std::string(1, '\0'));
    EXPECT_EQ(after({{0}}).substr(511, 2), std::string("x\0", 2));
    EXPECT_EQ(after({{1}}).substr(511, 2), std::string("\0x", 2));
    EXPECT_EQ(after({{1, 0}}).substr(512, 1), "y");
}

TEST_F(RecordedDiskTest, PiecesOfOnePlaceArriveInAnyOrder) {
    made.write_at(0, bytes_of("one"));
    made.write_at(0, bytes_of("two"));
    EXPECT_EQ(after({{0}, {1}}).substr(0, 3), "two");
    EXPECT_EQ(after({{1}, {0}}).substr(0, 3), "one");
}

TEST_F(RecordedDiskTest, WhatWasSyncedIsThere) {
    made.write_at(0, bytes_of("one"));
    made.sync();
    EXPECT_EQ(disk.pieces(), 0U);
    EXPECT_EQ(after({}).substr(0, 3), "one");
}

TEST_F(RecordedDiskTest, ANameIsThereWhenItsDirectoryWasSynced) {
    os::file::create_sized(root.path() + "/b", 1);
    const temporary_directory lost;
    const temporary_directory kept;
    disk.replay(lost.path(), {});
    os::sync_name(root.path() + "/b");
    disk.replay(kept.path(), {});
    EXPECT_FALSE(os::read_file(lost.path() + "/b", 10));
    EXPECT_TRUE(os::read_file(kept.path() + "/b", 10));
}

TEST_F(RecordedDiskTest, ANameThatWasRemovedMayComeBack) {
    os::remove_file(root.path() + "/a");
    EXPECT_EQ(after({}).size(), 2000U);
    EXPECT_EQ(after({{0}}), "nothing");
    os::sync_name(root.path() + "/a");
    EXPECT_EQ(after({}), "nothing");
}

}  // namespace
}  // namespace signet::testing
