// SPDX-License-Identifier: Apache-2.0
#include <tour/sequence.hpp>

#include <gtest/gtest.h>

namespace tour {
namespace {

TEST(SequenceChecker, MissesNothingBeforeTheFirstMessageItSees) {
    sequence_checker seen;
    EXPECT_EQ(seen.note(1, 500), 0u);
    EXPECT_EQ(seen.note(1, 501), 0u);
    EXPECT_EQ(seen.missing(), 0u);
}

TEST(SequenceChecker, CountsWhatAGapLeftOut) {
    sequence_checker seen;
    seen.note(1, 0);
    EXPECT_EQ(seen.note(1, 4), 3u);
    EXPECT_EQ(seen.missing(), 3u);
}

TEST(SequenceChecker, CountsAMessageThatComesAgainAsRepeated) {
    sequence_checker seen;
    seen.note(1, 0);
    seen.note(1, 1);
    seen.note(1, 0);
    EXPECT_EQ(seen.repeated(), 1u);
    EXPECT_EQ(seen.through(1), 2u);
}

TEST(SequenceChecker, KeepsPublishersApart) {
    sequence_checker seen;
    seen.note(1, 0);
    seen.note(2, 7);
    EXPECT_EQ(seen.note(1, 1), 0u);
    EXPECT_EQ(seen.through(1), 2u);
    EXPECT_EQ(seen.through(2), 8u);
    EXPECT_EQ(seen.through(3), 0u);
}

TEST(SequenceChecker, BeginsAnewWithAPublisherItForgot) {
    sequence_checker seen;
    seen.note(1, 0);
    seen.forget(1);
    EXPECT_EQ(seen.note(1, 9), 0u);
}

}  // namespace
}  // namespace tour
