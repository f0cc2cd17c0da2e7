// SPDX-License-Identifier: Apache-2.0
#include <signet/os/directory.hpp>

#include <signet/base/error.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::fail_each_call;
using testing::scripted_kernel;
using testing::temporary_directory;

class DirectoryTest : public ::testing::Test {
protected:
    void create_file(const std::string& name) { std::ofstream{root_.path() + "/" + name}; }

    std::string quoted(const std::string& name) { return "'" + root_.path() + "/" + name + "'"; }

    std::vector<std::string> sorted_list() {
        std::vector<std::string> names = here_.list();
        std::sort(names.begin(), names.end());
        return names;
    }

    temporary_directory root_;
    directory here_ = directory::open(root_.path());
};

using Names = std::vector<std::string>;

TEST_F(DirectoryTest, ItKnowsThePathItWasOpenedBy) {
    EXPECT_EQ(here_.path(), root_.path());
    EXPECT_EQ(here_.path_of("a"), root_.path() + "/a");
    EXPECT_EQ(here_.open_or_create_below("a").path(), root_.path() + "/a");
}

TEST_F(DirectoryTest, ItIsClosedByExec) {
    EXPECT_EQ(fcntl(here_.fd(), F_GETFD), FD_CLOEXEC);
}

TEST_F(DirectoryTest, ToOpenWhatIsNotThereIsAnError) {
    EXPECT_EQ(complaint_of([&] { directory::open(root_.path() + "/a"); }),
              "cannot open directory " + quoted("a") + ": No such file or directory");
}

TEST_F(DirectoryTest, AFileIsNotADirectory) {
    create_file("a");
    EXPECT_EQ(complaint_of([&] { directory::open(root_.path() + "/a"); }),
              "cannot open directory " + quoted("a") +
                  ": Not a directory; it must be a directory, not a file or a symbolic link");
}

TEST_F(DirectoryTest, WhatOneMayNotOpenSaysWhatToCheck) {
    scripted_kernel script;
    script.fail(SYS_openat, EACCES).fail(SYS_openat, EPERM, 2);
    for (int i = 0; i < 2; ++i) {
        EXPECT_NE(complaint_of([] { directory::open("/x"); }).find("; check its owner and mode"),
                  std::string::npos);
    }
}

TEST_F(DirectoryTest, ACreatedOneHasExactlyItsModeWhateverTheUmask) {
    const mode_t before = umask(0777);
    EXPECT_EQ(directory::open_or_create(root_.path() + "/a", 01770).facts().mode, 01770U);
    EXPECT_EQ(here_.open_or_create_below("b").facts().mode, 0700U);
    umask(before);
}

TEST_F(DirectoryTest, OneThatExistsIsOpenedAndKeepsItsMode) {
    here_.open_or_create_below("a", 0750);
    EXPECT_EQ(here_.open_or_create_below("a", 0700).facts().mode, 0750U);
    EXPECT_EQ(directory::open_or_create(root_.path() + "/a").facts().mode, 0750U);
}

TEST_F(DirectoryTest, ASymbolicLinkIsFollowedOnlyByOpen) {
    std::filesystem::create_directory_symlink("/", root_.path() + "/a");
    EXPECT_NO_THROW(directory::open(root_.path() + "/a"));
    EXPECT_THROW(directory::open_or_create(root_.path() + "/a"), error);
    EXPECT_THROW(here_.open_or_create_below("a"), error);
    EXPECT_THROW(here_.open_below("a"), error);
}

TEST_F(DirectoryTest, NothingCanBeCreatedWhereThereIsNoParent) {
    EXPECT_EQ(complaint_of([&] { directory::open_or_create(root_.path() + "/a/b"); }),
              "cannot create directory " + quoted("a/b") + ": No such file or directory");
}

TEST_F(DirectoryTest, OpenBelowHasNoValueWhereThereIsNone) {
    EXPECT_FALSE(here_.open_below("a"));
    here_.open_or_create_below("a");
    EXPECT_TRUE(here_.open_below("a"));
}

TEST_F(DirectoryTest, CreatingFailsWithAnErrorAtEachOfItsCalls) {
    const auto create = [&] {
        here_.open_or_create_below("a");
        here_.remove_empty_directory("a");
    };
    const auto survived = fail_each_call(EMFILE, create);
    EXPECT_EQ(survived, std::vector<long>{SYS_close});
}

TEST_F(DirectoryTest, FactsAreAboutOwnerModeAndFileSystem) {
    const directory_facts facts = here_.facts();
    EXPECT_EQ(facts.owner_uid, geteuid());
    EXPECT_EQ(facts.mode, 0700U);
    EXPECT_TRUE(facts.on_tmpfs);
    EXPECT_TRUE(facts.writable);
}

TEST_F(DirectoryTest, ProcIsNotInMemory) {
    EXPECT_FALSE(directory::open("/proc").facts().on_tmpfs);
}

TEST_F(DirectoryTest, WhereAccessIsDeniedNothingIsWritable) {
    scripted_kernel script;
    script.fail(SYS_faccessat2, EACCES);
    EXPECT_FALSE(here_.facts().writable);
}

TEST_F(DirectoryTest, FactsFailWithAnErrorExceptForAccess) {
    EXPECT_EQ(fail_each_call(EIO, [&] { here_.facts(); }), std::vector<long>{SYS_faccessat2});
}

TEST_F(DirectoryTest, AListHasAllNamesAndNoDots) {
    EXPECT_EQ(here_.list(), Names{});
    create_file("a");
    create_file(".b");
    here_.open_or_create_below("c");
    EXPECT_EQ(sorted_list(), (Names{".b", "a", "c"}));
}

TEST_F(DirectoryTest, AListMayBeLongAndMadeTwice) {
    const std::string tail(200, 'x');
    for (int i = 0; i < 200; ++i) create_file(std::to_string(i) + tail);
    EXPECT_EQ(here_.list().size(), 200);
    EXPECT_EQ(here_.list().size(), 200);
}

TEST_F(DirectoryTest, ListingFailsWithAnErrorAtEachOfItsCalls) {
    EXPECT_EQ(fail_each_call(EMFILE, [&] { here_.list(); }), std::vector<long>{SYS_close});
}

TEST_F(DirectoryTest, InterruptionsAreNotSeen) {
    create_file("a");
    scripted_kernel script;
    script.interrupt(SYS_openat).interrupt(SYS_getdents64).interrupt(SYS_fstatfs);
    EXPECT_EQ(here_.list(), Names{"a"});
    EXPECT_TRUE(here_.facts().on_tmpfs);
}

TEST_F(DirectoryTest, ALinkGivesASecondName) {
    create_file("a");
    const directory to = here_.open_or_create_below("to");
    EXPECT_TRUE(here_.link("a", to, "b"));
    EXPECT_EQ(to.list(), Names{"b"});
    EXPECT_EQ(sorted_list(), (Names{"a", "to"}));
}

TEST_F(DirectoryTest, ALinkDoesNotTakeANameFromAnother) {
    create_file("a");
    create_file("b");
    EXPECT_FALSE(here_.link("a", here_, "b"));
}

TEST_F(DirectoryTest, ALinkToWhatIsNotThereIsAnError) {
    EXPECT_EQ(complaint_of([&] { here_.link("a", here_, "b"); }),
              "cannot create link " + quoted("b") + ": No such file or directory");
}

TEST_F(DirectoryTest, ARenameReplacesWhatHadTheName) {
    create_file("a");
    create_file("b");
    here_.rename("a", "b");
    EXPECT_EQ(here_.list(), Names{"b"});
}

TEST_F(DirectoryTest, ARenameGoesIntoAnotherDirectoryToo) {
    const directory below = here_.open_or_create_below("below");
    create_file("a");
    here_.rename("a", below, "b");
    EXPECT_EQ(below.list(), Names{"b"});
    EXPECT_EQ(here_.list(), Names{"below"});
}

TEST_F(DirectoryTest, TwoNamesAreTheSameWhereTheyMeanOneThing) {
    const directory below = here_.open_or_create_below("below");
    create_file("a");
    create_file("b");
    here_.link("a", below, "c");
    EXPECT_TRUE(here_.is_same("a", below, "c"));
    EXPECT_FALSE(here_.is_same("b", below, "c"));
    EXPECT_FALSE(here_.is_same("a", below, "nothing"));
}

TEST_F(DirectoryTest, ARenameOfWhatIsNotThereIsAnError) {
    EXPECT_EQ(complaint_of([&] { here_.rename("a", "b"); }),
              "cannot rename " + quoted("a") + ": No such file or directory");
}

TEST_F(DirectoryTest, ANameIsRemovedOnce) {
    create_file("a");
    EXPECT_TRUE(here_.remove("a"));
    EXPECT_FALSE(here_.remove("a"));
}

TEST_F(DirectoryTest, ADirectoryIsNotRemovedAsAName) {
    here_.open_or_create_below("a");
    EXPECT_EQ(complaint_of([&] { here_.remove("a"); }),
              "cannot remove " + quoted("a") + ": Is a directory");
}

TEST_F(DirectoryTest, OnlyAnEmptyDirectoryIsRemoved) {
    here_.open_or_create_below("a").open_or_create_below("b");
    EXPECT_FALSE(here_.remove_empty_directory("a"));
    here_.open_below("a")->remove_empty_directory("b");
    EXPECT_TRUE(here_.remove_empty_directory("a"));
    EXPECT_FALSE(here_.remove_empty_directory("a"));
}

TEST_F(DirectoryTest, AFileIsNotRemovedAsADirectory) {
    create_file("a");
    EXPECT_THROW(here_.remove_empty_directory("a"), error);
}

TEST_F(DirectoryTest, NamesThatLeaveTheDirectoryBreakTheContract) {
    for (const char* name : {"", ".", "..", "a/b", "/a"}) {
        EXPECT_THROW(here_.open_below(name), contract_violation) << name;
        EXPECT_THROW(here_.remove(name), contract_violation) << name;
        EXPECT_THROW(here_.link("a", here_, name), contract_violation) << name;
        EXPECT_THROW(here_.rename("a", name), contract_violation) << name;
    }
}

TEST_F(DirectoryTest, ItStaysItselfWhenItIsMoved) {
    const directory inner = here_.open_or_create_below("a");
    here_.rename("a", "b");
    EXPECT_EQ(inner.open_or_create_below("c").list(), Names{});
    EXPECT_EQ(here_.open_below("b")->list(), Names{"c"});
}

}  // namespace
}  // namespace signet::os
