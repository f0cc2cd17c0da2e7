// SPDX-License-Identifier: Apache-2.0
#include <tour/file_list.hpp>
#include <tour/stranger.hpp>
#include <tour/verdict.hpp>

#include <signet/testing/temporary_directory.hpp>
#include <tour/sha256.hpp>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

namespace tour {
namespace {

using signet::testing::temporary_directory;

outcome good_outcome() {
    outcome all;
    all.kills.fill(2);
    all.messages.fill(100);
    all.sums.kills_by_tour = 10;
    all.sums.restarts = 10;
    all.sums.promises = 5;
    all.files_hashed = 20;
    all.files_least = 10;
    all.sha256sum.equal = 20;
    return all;
}

TEST(Verdict, FindsNoFaultWhereEverythingHeld) {
    EXPECT_TRUE(find_faults(good_outcome()).empty());
    EXPECT_EQ(summarize(good_outcome()).back().text, "  everything held");
}

TEST(Verdict, SaysWhatWasWrong) {
    outcome all = good_outcome();
    all.sums.torn = 3;
    EXPECT_EQ(find_faults(all), std::vector<std::string>{"3 messages were torn"});
}

TEST(Verdict, AcceptsNoneOfTheFaults) {
    const std::vector<std::function<void(outcome&)>> faults = {
        [](outcome& o) { o.sums.missing = 1; },    [](outcome& o) { o.sums.broken = 1; },
        [](outcome& o) { o.sums.repeated = 1; },   [](outcome& o) { o.sums.unnoticed = 1; },
        [](outcome& o) { o.sums.restarts = 9; },   [](outcome& o) { o.sums.failures = 1; },
        [](outcome& o) { o.sums.promises = 0; },   [](outcome& o) { o.kills[2] = 1; },
        [](outcome& o) { o.messages[1] = 0; },     [](outcome& o) { o.bytes_left = 1; },
        [](outcome& o) { o.names.topics = 1; },    [](outcome& o) { o.names.sockets = 1; },
        [](outcome& o) { o.files_hashed = 9; },    [](outcome& o) { o.contradictions = 1; },
        [](outcome& o) { o.sha256sum.equal = 0; }, [](outcome& o) { o.sha256sum.different = 1; }};
    for (std::size_t i = 0; i < faults.size(); ++i) {
        outcome all = good_outcome();
        faults[i](all);
        EXPECT_EQ(find_faults(all).size(), 1u) << i;
    }
}

TEST(Verdict, ClaimsNothingThatNeedsTimeOfAnInterruptedTour) {
    outcome all = good_outcome();
    all.interrupted = true;
    all.kills.fill(0);
    all.files_hashed = 0;
    all.sums.restarts = 0;
    EXPECT_TRUE(find_faults(all).empty());
}

TEST(Verdict, IsOneJsonObject) {
    const auto read = nlohmann::json::parse(to_json(good_outcome()));
    EXPECT_EQ(read.at("ok"), true);
    EXPECT_EQ(read.at("kills").at("by_tour"), 10);
    EXPECT_EQ(read.at("files").at("sha256sum_equal"), 20);
}

TEST(Sha256sum, IsReadWithAnyNames) {
    const std::string digest(64, 'a');
    const auto read = parse_sha256sum(digest + "  a\nb" + '\0' + digest + " *c" + '\0' + "short");
    EXPECT_EQ(read.size(), 2u);
    EXPECT_EQ(read.at("a\nb"), digest);
    EXPECT_EQ(read.at("c"), digest);
}

/// A file, and the book entry a hasher would have made of it.
void write_file(const std::string& directory, const std::string& name, const std::string& text) {
    std::ofstream{directory + '/' + name} << text;
}

void enter(hash_book& book, const std::string& directory, const std::string& name,
           const std::string& text) {
    struct stat facts{};
    ASSERT_EQ(::stat((directory + '/' + name).c_str(), &facts), 0);
    sha256 digest;
    digest.add(std::as_bytes(std::span{text}));
    file_hash result{};
    result.size = static_cast<std::uint64_t>(facts.st_size);
    result.modified_ns = facts.st_mtim.tv_sec * 1'000'000'000 + facts.st_mtim.tv_nsec;
    put_text(result.name, name);
    put_text(result.digest, digest.finish());
    book.note(result);
}

opinion ask(const std::string& directory, const hash_book& book) {
    return ask_sha256sum(directory, book, 1 << 20, [](std::uint64_t) { return true; });
}

TEST(Stranger, AgreesWithARightHash) {
    const temporary_directory directory;
    hash_book book;
    write_file(directory.path(), "odd\nname", "hello");
    enter(book, directory.path(), "odd\nname", "hello");
    EXPECT_EQ(ask(directory.path(), book).equal, 1u);
}

TEST(Stranger, ContradictsAWrongHash) {
    const temporary_directory directory;
    hash_book book;
    write_file(directory.path(), "a", "hello");
    enter(book, directory.path(), "a", "world");
    EXPECT_EQ(ask(directory.path(), book).different, 1u);
}

TEST(Stranger, DoesNotJudgeFilesThatChangedOrWent) {
    const temporary_directory directory;
    hash_book book;
    for (const char* name : {"changed", "gone"}) {
        write_file(directory.path(), name, "hello");
        enter(book, directory.path(), name, "hello");
    }
    write_file(directory.path(), "changed", "something else");
    std::filesystem::remove(directory.path() + "/gone");
    EXPECT_EQ(ask(directory.path(), book).changed, 2u);
}

TEST(FileList, IsSortedAndHoldsRegularFilesOnly) {
    const temporary_directory directory;
    std::filesystem::create_directory(directory.path() + "/b");
    write_file(directory.path(), "b/z", "");
    write_file(directory.path(), "c", "");
    write_file(directory.path(), "a", "");
    std::filesystem::create_symlink("a", directory.path() + "/link");
    EXPECT_EQ(list_files(directory.path()), (std::vector<std::string>{"a", "b/z", "c"}));
}

TEST(Picture, PutsUnitsToDurations) {
    EXPECT_EQ(duration_text(850), "850 ns");
    EXPECT_EQ(duration_text(12'345), "12.3 µs");
    EXPECT_EQ(duration_text(1'234'000'000), "1.2 s");
    EXPECT_EQ(bytes_text(65536), "64.0 KiB");
}

TEST(Picture, FitsEightyColumns) {
    scene now;
    row one{.role = role_id::viewer_block, .pid = 4'194'304, .state = "starting"};
    one.messages_per_s = 123'456'789;
    one.bytes_per_s = 12'345e6;
    one.stats.p50_ns = one.stats.p99_ns = one.stats.p999_ns = 123'456'789;
    one.stats.dropped = 123'456;
    one.resident_bytes = one.shared_bytes = 123 << 20;
    now.rows = {one};
    for (const line& each : draw(now)) EXPECT_EQ(cut(each.text, 80), each.text);
}

TEST(Screen, CutsBetweenCharacters) {
    EXPECT_EQ(cut("12µs", 3), "12µ");
    EXPECT_EQ(cut("12µs", 9), "12µs");
}

}  // namespace
}  // namespace tour
