// SPDX-License-Identifier: Apache-2.0
#include <signet/os/file_place.hpp>

#include <signet/base/error.hpp>
#include <signet/os/file.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

namespace signet::os {
namespace {

TEST(FilePlace, ItMayBeANameInADirectory) {
    const testing::temporary_directory root;
    const directory here = directory::open(root.path());
    const file_place place{here, "a"};
    EXPECT_EQ(place.path(), root.path() + "/a");
    EXPECT_EQ(place.name(), "a");
    EXPECT_EQ(place.base(), here.fd());
    EXPECT_EQ(place.beside("b").path(), root.path() + "/b");
    EXPECT_EQ(place.directory_name(), ".");
    file::create(place);
    EXPECT_TRUE(remove_file(root.path() + "/a"));
}

TEST(FilePlace, WhatIsBesideAPathIsInTheSameDirectory) {
    EXPECT_EQ(file_place("/x/a").beside("b").path(), "/x/b");
    EXPECT_EQ(file_place("a").beside("b").path(), "b");
}

TEST(FilePlace, ItHasALastNameAndADirectory) {
    EXPECT_EQ(file_place("x/a").last_name(), "a");
    EXPECT_EQ(file_place("x/a").directory_name(), "x/");
    EXPECT_EQ(file_place("/a").directory_name(), "/");
    EXPECT_EQ(file_place("a").directory_name(), ".");
}

TEST(FilePlace, WhatNamesNoFileBreaksTheContract) {
    for (const char* path : {"", "a/", ".", "..", "a/."}) {
        EXPECT_THROW(file_place{path}, contract_violation) << path;
    }
    const directory here = directory::open("/");
    EXPECT_THROW(file_place(here, "a/b"), contract_violation);
}

}  // namespace
}  // namespace signet::os
