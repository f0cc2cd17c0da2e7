// SPDX-License-Identifier: Apache-2.0
#include <tour/assembler.hpp>
#include <tour/sha256.hpp>

#include <gtest/gtest.h>

#include <memory>

namespace tour {
namespace {

/// A piece of a file of 20 bytes.
std::unique_ptr<chunk> piece_of(std::uint64_t file, std::uint64_t offset, std::uint32_t used) {
    auto c = std::make_unique<chunk>();
    c->file = file;
    c->offset = offset;
    c->used = used;
    c->size = 20;
    c->last = offset + used >= c->size ? 1 : 0;
    return c;
}

TEST(FileAssembler, SeesAFileOfOnePieceWhole) {
    file_assembler pieces;
    EXPECT_EQ(pieces.place(*piece_of(1, 0, 20)), piece::first);
    EXPECT_TRUE(pieces.complete());
}

TEST(FileAssembler, PutsPiecesInARowTogether) {
    file_assembler pieces;
    EXPECT_EQ(pieces.place(*piece_of(1, 0, 10)), piece::first);
    EXPECT_FALSE(pieces.complete());
    EXPECT_EQ(pieces.place(*piece_of(1, 10, 10)), piece::next);
    EXPECT_TRUE(pieces.complete());
}

TEST(FileAssembler, SkipsAFileWhoseBeginningItMissed) {
    file_assembler pieces;
    EXPECT_EQ(pieces.place(*piece_of(1, 10, 10)), piece::skip);
    EXPECT_FALSE(pieces.complete());
    EXPECT_EQ(pieces.place(*piece_of(2, 0, 20)), piece::first);
    EXPECT_TRUE(pieces.complete());
}

TEST(FileAssembler, GivesAFileWithAGapUp) {
    file_assembler pieces;
    pieces.place(*piece_of(1, 0, 5));
    EXPECT_EQ(pieces.place(*piece_of(1, 10, 10)), piece::skip);
    EXPECT_FALSE(pieces.complete());
}

TEST(FileAssembler, DoesNotTakeTheEndOfAnotherFile) {
    file_assembler pieces;
    pieces.place(*piece_of(1, 0, 10));
    EXPECT_EQ(pieces.place(*piece_of(2, 10, 10)), piece::skip);
}

TEST(FileAssembler, KnowsAFileThatShrankWhileItWasRead) {
    file_assembler pieces;
    pieces.place(*piece_of(1, 0, 10));
    auto end = piece_of(1, 10, 0);
    end->last = 1;
    EXPECT_EQ(pieces.place(*end), piece::changed);
    EXPECT_FALSE(pieces.complete());
}

TEST(FileAssembler, SeesAnEmptyFileWhole) {
    file_assembler pieces;
    auto empty = piece_of(1, 0, 0);
    empty->size = 0;
    empty->last = 1;
    EXPECT_EQ(pieces.place(*empty), piece::first);
    EXPECT_TRUE(pieces.complete());
}

TEST(Sha256, KnowsTheDigestOfAbcInPieces) {
    sha256 digest;
    digest.add(std::as_bytes(std::span{"ab", 2}));
    digest.add(std::as_bytes(std::span{"c", 1}));
    EXPECT_EQ(digest.finish(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, BeginsAnew) {
    sha256 digest;
    digest.add(std::as_bytes(std::span{"something", 9}));
    digest.restart();
    EXPECT_EQ(digest.finish(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace tour
