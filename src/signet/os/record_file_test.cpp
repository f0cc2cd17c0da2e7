// SPDX-License-Identifier: Apache-2.0
#include <signet/os/record_file.hpp>

#include <signet/base/error.hpp>
#include <signet/os/file_lock.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/poll.hpp>
#include <signet/testing/circumstances.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::exit_code_in_small_tmpfs;
using testing::exit_code_of_forked;
using testing::fail_each_call;
using testing::kill_before_each_call;
using testing::scripted_kernel;
using testing::watchdog;

using Texts = std::vector<std::string>;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

record_position append(record_writer& to, const std::string& text) {
    return to.append(std::as_bytes(std::span{text}));
}

std::string text_of(const record_reader& reader) {
    const auto bytes = reader.record();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::size_t part_bytes = 0;
kernel_entry kernel_before = nullptr;

// Does the first `part_bytes` of the first write, and ends there.
long die_while_writing(long number, const kernel_arguments& given) {
    if (number != SYS_pwrite64) return kernel_before(number, given);
    kernel_arguments part = given;
    part[2] = std::min(given[2], static_cast<long>(part_bytes));
    kernel_before(number, part);
    raise(SIGKILL);
    return -1;
}

class RecordFileTest : public ::testing::Test {
protected:
    /// All records that a new reader finds.
    Texts texts() {
        record_reader reader{path_};
        Texts found;
        while (reader.try_next() == reading::record) found.push_back(text_of(reader));
        return found;
    }

    void flip(std::uint64_t position) {
        const file content = file::open(path_);
        std::byte byte{};
        content.read_at(position, {&byte, 1});
        byte ^= std::byte{0x40};
        content.write_at(position, {&byte, 1});
    }

    /// A child writes only `bytes` of the record, and is killed.
    void die_appending(const std::string& text, std::size_t bytes) {
        exit_code_of_forked([&] {
            part_bytes = bytes;
            record_writer writer = record_writer::open(path_);
            kernel_before = exchange_kernel_entry(&die_while_writing);
            append(writer, text);
            return 0;
        });
    }

    std::string advice_for_forked(record_writer& inherited) {
        return complaint_of([&] { append(inherited, "x"); });
    }

    testing::temporary_directory root_;
    std::string path_ = root_.path() + "/log";
};

TEST_F(RecordFileTest, WhatIsAppendedIsReadInOrder) {
    record_writer writer{path_};
    append(writer, "one");
    append(writer, "");
    append(writer, std::string(100000, 'x'));
    EXPECT_EQ(texts(), (Texts{"one", "", std::string(100000, 'x')}));
}

TEST_F(RecordFileTest, AReaderGoesOnWhereItWas) {
    record_writer writer{path_};
    append(writer, "one");
    record_reader reader{path_};
    EXPECT_EQ(reader.try_next(), reading::record);
    EXPECT_EQ(reader.try_next(), reading::none);
    const record_position second = append(writer, "two");
    EXPECT_EQ(reader.position(), second);
    EXPECT_EQ(reader.try_next(), reading::record);
    EXPECT_EQ(text_of(reader), "two");
}

TEST_F(RecordFileTest, AReaderMayStartAtAnyRecord) {
    record_writer writer{path_};
    append(writer, "one");
    record_reader reader{path_, append(writer, "two")};
    EXPECT_EQ(reader.try_next(), reading::record);
    EXPECT_EQ(text_of(reader), "two");
}

TEST_F(RecordFileTest, CreateAndOpenSayWhatIsInTheWay) {
    EXPECT_TRUE(contains(complaint_of([&] { record_writer::open(path_); }), "No such file"));
    EXPECT_TRUE(contains(complaint_of([&] { record_reader{path_}; }), "No such file"));
    record_writer writer = record_writer::create(path_, durability::host_crash);
    EXPECT_TRUE(
        contains(complaint_of([&] { record_writer::create(path_); }), "open it, or remove"));
    append(writer, "x");
    EXPECT_EQ(texts(), Texts{"x"});
}

TEST_F(RecordFileTest, AnEmptyFileHasNoRecordsYet) {
    file::create(path_);
    record_reader reader{path_};
    EXPECT_EQ(reader.try_next(), reading::none);
    record_writer writer{path_};
    append(writer, "one");
    EXPECT_EQ(reader.try_next(), reading::record);
}

TEST_F(RecordFileTest, WhatIsNoRecordFileIsLeftAlone) {
    for (const std::string text : {"short", "long enough to be the header of a record file"}) {
        replace_file(path_, std::as_bytes(std::span{text}));
        record_writer writer{path_};
        EXPECT_TRUE(contains(complaint_of([&] { append(writer, "x"); }), "not a record file"));
        EXPECT_TRUE(contains(complaint_of([&] { writer.clear(); }), "not a record file"));
        EXPECT_EQ(read_file(path_, 1000), text);
    }
}

TEST_F(RecordFileTest, ManyWritersDoNotMix) {
    constexpr int writers = 4;
    constexpr int records = 100;
    std::vector<pid_t> children;
    for (int w = 0; w < writers; ++w) {
        children.push_back(fork());
        if (children.back() != 0) continue;
        record_writer writer{path_};
        for (int i = 0; i < records; ++i) append(writer, std::to_string(w) + std::string(999, 'x'));
        _exit(0);
    }
    for (const pid_t child : children) EXPECT_EQ(waitpid(child, nullptr, 0), child);
    Texts found = texts();
    std::sort(found.begin(), found.end());
    ASSERT_EQ(found.size(), writers * records);
    EXPECT_EQ(std::unique(found.begin(), found.end()) - found.begin(), writers);
}

TEST_F(RecordFileTest, AReaderFollowsManyWritersThoughOneIsKilledAllTheTime) {
    constexpr int records = 500;
    record_writer{path_}.clear();
    const pid_t writer = fork();
    if (writer == 0) {
        record_writer own{path_};
        for (int i = 0; i < records; ++i) append(own, std::string(1000, 'x'));
        _exit(0);
    }
    record_reader reader{path_};
    for (int found = 0; found < records;) {
        ASSERT_EQ(reader.next(after(watchdog)), reading::record);
        if (reader.record().size() == 1000) ++found;
        if (found % 50 == 0) die_appending(std::string(5000, 'y'), 100);
    }
    EXPECT_EQ(waitpid(writer, nullptr, 0), writer);
}

TEST_F(RecordFileTest, AReaderIsWokenByAnotherProcess) {
    record_writer{path_}.clear();
    record_reader reader{path_};
    EXPECT_EQ(reader.next(deadline::min()), reading::none);
    const pid_t child = fork();
    if (child == 0) {
        record_writer writer{path_};
        append(writer, "hello");
        _exit(0);
    }
    EXPECT_EQ(reader.next(after(watchdog)), reading::record);
    EXPECT_EQ(text_of(reader), "hello");
    EXPECT_EQ(waitpid(child, nullptr, 0), child);
}

TEST_F(RecordFileTest, ItsDescriptorIsReadableUntilNothingIsLeft) {
    record_writer writer{path_};
    append(writer, "one");
    record_reader reader{path_};
    const int fd = reader.fd();
    EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
    append(writer, "two");
    EXPECT_TRUE(wait_readable(fd, deadline::min()));
    EXPECT_EQ(reader.try_next(), reading::record);
    EXPECT_EQ(reader.try_next(), reading::record);
    EXPECT_EQ(reader.try_next(), reading::none);
    EXPECT_FALSE(wait_readable(fd, deadline::min()));
}

TEST_F(RecordFileTest, ATornRecordIsNotPassedAndTheNextWriterCutsItOff) {
    record_writer writer{path_};
    append(writer, "one");
    for (const std::size_t bytes : {1, 15, 16, 17, 19}) {
        die_appending("torn", bytes);
        EXPECT_EQ(texts(), Texts{"one"}) << bytes;
    }
    append(writer, "two");
    EXPECT_EQ(texts(), (Texts{"one", "two"}));
}

TEST_F(RecordFileTest, ARecordWhoseWriterDiesAfterAllOfItIsThere) {
    append(*std::make_unique<record_writer>(path_), "one");
    die_appending("whole", 1000);
    EXPECT_EQ(texts(), (Texts{"one", "whole"}));
}

TEST_F(RecordFileTest, AWriterThatDiesAnywhereLeavesWholeRecordsOnly) {
    const Texts all{"0", "1", "2"};
    const auto work = [&] {
        record_writer writer{path_, durability::host_crash};
        for (const std::string& text : all) append(writer, text);
    };
    const int deaths = kill_before_each_call(work, [&] {
        if (!file::try_open(path_)) return;
        const Texts found = texts();
        EXPECT_TRUE(std::equal(found.begin(), found.end(), all.begin()));
        record_writer next{path_};
        append(next, "next");
        EXPECT_EQ(texts().size(), found.size() + 1);
        remove_file(path_);
    });
    EXPECT_GE(deaths, 20);
}

TEST_F(RecordFileTest, ACreatorThatDiesAnywhereIsOvercome) {
    const auto create = [&] {
        record_writer writer{path_};
        append(writer, "1");
    };
    kill_before_each_call(create, [&] {
        record_writer writer{path_};
        append(writer, "2");
        EXPECT_EQ(texts().back(), "2");
        remove_file(path_);
    });
}

TEST_F(RecordFileTest, AHeaderOfWhichAFirstPartIsThereIsWrittenAnew) {
    for (std::uint64_t bytes = 0; bytes < sizeof(record_file_header); ++bytes) {
        record_writer{path_}.clear();
        file::open(path_).resize(bytes);
        record_reader reader{path_};
        EXPECT_EQ(reader.try_next(), reading::none);
        record_writer writer{path_};
        append(writer, "x");
        EXPECT_EQ(texts(), Texts{"x"});
    }
}

TEST_F(RecordFileTest, DamageInTheMiddleIsAnErrorForAllAndIsNotCutOff) {
    record_writer writer{path_};
    append(writer, "one");
    const auto second = static_cast<std::uint64_t>(append(writer, "two"));
    append(writer, "three");
    flip(second + 17);
    const std::string where = "no record begins at byte " + std::to_string(second);
    EXPECT_TRUE(contains(complaint_of([&] { texts(); }), where));
    record_writer fresh{path_};
    const std::uint64_t before = fresh.content().size();
    EXPECT_TRUE(contains(complaint_of([&] { append(fresh, "x"); }), where));
    EXPECT_EQ(fresh.content().size(), before);
}

TEST_F(RecordFileTest, WhatLooksDamagedWhileAWriterIsAtWorkIsNothingYet) {
    record_writer writer{path_};
    const auto first = static_cast<std::uint64_t>(append(writer, "one"));
    append(writer, "two");
    flip(first);
    record_reader reader{path_};
    {
        const file other = file::open(path_);
        const auto lock = range_lock::take(other, lock_kind::exclusive, {0, 1});
        EXPECT_EQ(reader.try_next(), reading::none);
    }
    EXPECT_THROW(reader.try_next(), error);
    flip(first);
    EXPECT_EQ(reader.try_next(), reading::record);
}

TEST_F(RecordFileTest, APositionThatIsNoRecordsIsAnError) {
    record_writer writer{path_};
    append(writer, "one");
    record_reader reader{path_, record_position{33}};
    EXPECT_TRUE(contains(complaint_of([&] { reader.try_next(); }), "at byte 33: the position is"));
}

TEST_F(RecordFileTest, AClearedFileIsNoticedAndReadFromItsStart) {
    record_writer writer{path_};
    append(writer, "one");
    append(writer, "two");
    record_reader reader{path_};
    EXPECT_EQ(reader.try_next(), reading::record);
    record_writer{path_}.clear();
    EXPECT_EQ(reader.next(after(watchdog)), reading::truncated);
    append(writer, "three");
    reader.rewind();
    EXPECT_EQ(reader.next(after(watchdog)), reading::record);
    EXPECT_EQ(text_of(reader), "three");
}

TEST_F(RecordFileTest, AFileClearedAndFilledAgainIsNoticedToo) {
    record_writer writer{path_};
    append(writer, "one");
    record_reader reader{path_};
    EXPECT_EQ(reader.try_next(), reading::record);
    writer.clear();
    append(writer, "1");
    append(writer, "2");
    append(writer, "3");
    EXPECT_EQ(reader.try_next(), reading::truncated);
}

TEST_F(RecordFileTest, AFileCutByOthersIsNoticed) {
    record_writer writer{path_};
    append(writer, "one");
    append(writer, "two");
    record_reader reader{path_};
    while (reader.try_next() == reading::record) continue;
    file::open(path_).resize(40);
    EXPECT_EQ(reader.try_next(), reading::truncated);
    append(writer, "three");
    EXPECT_EQ(texts(), Texts{"three"});
    file::open(path_).resize(0);
    EXPECT_EQ(reader.try_next(), reading::truncated);
}

TEST_F(RecordFileTest, AReplacedFileIsNoticedAfterAllIsRead) {
    record_writer writer{path_};
    append(writer, "old");
    record_reader reader{path_};
    EXPECT_EQ(reader.next(never), reading::record);
    append(writer, "last");
    remove_file(path_);
    EXPECT_EQ(reader.next(never), reading::record);
    EXPECT_EQ(reader.next(never), reading::replaced);
    EXPECT_FALSE(reader.reopen());
    record_writer fresh{path_};
    append(fresh, "new");
    EXPECT_TRUE(reader.reopen());
    EXPECT_EQ(reader.next(never), reading::record);
    EXPECT_EQ(text_of(reader), "new");
}

TEST_F(RecordFileTest, WhereAnotherWriterIsAtWorkToTryDoesNotWait) {
    record_writer writer{path_};
    EXPECT_TRUE(writer.try_append({}));
    const file other = file::open(path_);
    const auto lock = range_lock::take(other, lock_kind::exclusive, {0, 1});
    EXPECT_FALSE(writer.try_append({}));
}

TEST_F(RecordFileTest, AnInheritedWriterIsRefusedAndSaysWhy) {
    record_writer writer{path_};
    const int code = exit_code_of_forked(
        [&] { return contains(advice_for_forked(writer), "made before a fork") ? 0 : 1; });
    EXPECT_EQ(code, 0);
    EXPECT_EQ(advice_for_forked(writer), "no error");
}

TEST_F(RecordFileTest, ATooLongRecordIsRefused) {
    record_writer writer{path_};
    const std::span<const std::byte> claimed{static_cast<const std::byte*>(nullptr),
                                             record_bytes_max + 1};
    EXPECT_TRUE(contains(complaint_of([&] { writer.append(claimed); }),
                         "too large; a record has at most 268435456 bytes, not 268435457"));
}

TEST_F(RecordFileTest, OnAFullDiskTheRecordIsNotThereAndTheRestIs) {
    const int code = exit_code_in_small_tmpfs(root_.path(), 65536, [&] {
        record_writer writer{path_};
        append(writer, "one");
        const std::string text = complaint_of([&] { append(writer, std::string(90000, 'x')); });
        append(writer, "two");
        return contains(text, "No space left on device; make room") &&
                       texts() == Texts{"one", "two"}
                   ? 0
                   : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(RecordFileTest, WhereTheDiskFailsTheRecordIsTakenBack) {
    record_writer writer{path_, durability::host_crash};
    append(writer, "one");
    scripted_kernel script;
    script.fail(SYS_fdatasync, EIO);
    EXPECT_TRUE(contains(complaint_of([&] { append(writer, "lost"); }), "bring to the disk"));
    EXPECT_EQ(texts(), Texts{"one"});
}

TEST_F(RecordFileTest, WhereItCannotBeTakenBackTheNextWriterSeesAWholeFile) {
    record_writer writer{path_, durability::host_crash};
    append(writer, "one");
    {
        scripted_kernel script;
        script.fail(SYS_fdatasync, EIO).fail(SYS_ftruncate, EIO);
        EXPECT_THROW(append(writer, "unsure"), error);
    }
    append(writer, "two");
    EXPECT_EQ(texts(), (Texts{"one", "unsure", "two"}));
}

TEST_F(RecordFileTest, EachCallThatFailsIsAnErrorAndTheFileStaysWhole) {
    const auto use = [&] {
        remove_file(path_);
        record_writer writer{path_, durability::host_crash};
        append(writer, "x");
        record_reader reader{path_};
        EXPECT_EQ(reader.next(deadline::min()), reading::record);
    };
    const auto survived = fail_each_call(EIO, use);
    EXPECT_EQ(survived, (std::vector<long>{SYS_close, SYS_fcntl, SYS_prlimit64}));
    EXPECT_EQ(texts(), Texts{"x"});
}

TEST_F(RecordFileTest, InterruptionsAreNotSeen) {
    scripted_kernel script;
    script.interrupt(SYS_openat).interrupt(SYS_pwrite64).interrupt(SYS_pread64);
    script.interrupt(SYS_fcntl).interrupt(SYS_ppoll).interrupt(SYS_fdatasync);
    record_writer writer{path_, durability::host_crash};
    append(writer, "one");
    record_reader reader{path_};
    EXPECT_EQ(reader.next(never), reading::record);
}

}  // namespace
}  // namespace signet::os
