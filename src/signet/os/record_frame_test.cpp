// SPDX-License-Identifier: Apache-2.0
#include <signet/os/record_frame.hpp>

#include <signet/base/crc32c.hpp>
#include <signet/base/error.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <string>

namespace signet::os {
namespace {

using testing::complaint_of;

constexpr std::uint64_t id = 7;
constexpr std::uint64_t start = sizeof(record_file_header);

class RecordFrameTest : public ::testing::Test {
protected:
    /// Two records, the second one of `text`.
    void write_two(const std::string& text) {
        make_record(bytes_, id, start, std::as_bytes(std::span{"first", 5}));
        file_.write_at(start, bytes_);
        second_ = start + bytes_.size();
        make_record(bytes_, id, second_, std::as_bytes(std::span{text}));
        file_.write_at(second_, bytes_);
        end_ = second_ + bytes_.size();
    }

    record_state state_at(std::uint64_t position, std::uint64_t file_id = id) {
        return read_record(file_, file_id, position, file_.size(), payload_).state;
    }

    void flip(std::uint64_t position) {
        std::byte byte{};
        file_.read_at(position, {&byte, 1});
        byte ^= std::byte{0x40};
        file_.write_at(position, {&byte, 1});
    }

    testing::temporary_directory root_;
    std::string path_ = root_.path() + "/a";
    file file_ = file::create(path_);
    std::vector<std::byte> bytes_;
    std::vector<std::byte> payload_;
    std::uint64_t second_ = 0;
    std::uint64_t end_ = 0;
};

TEST_F(RecordFrameTest, WhatWasMadeIsRead) {
    write_two("second");
    const record_reading found = read_record(file_, id, second_, end_, payload_);
    EXPECT_EQ(found.state, record_state::whole);
    EXPECT_EQ(found.next, end_);
    EXPECT_EQ(payload_.size(), 6U);
    EXPECT_EQ(state_at(end_), record_state::end);
}

TEST_F(RecordFrameTest, AnEmptyRecordIsARecord) {
    write_two("");
    EXPECT_EQ(state_at(second_), record_state::whole);
    EXPECT_TRUE(payload_.empty());
}

TEST_F(RecordFrameTest, EachFirstPartIsTorn) {
    write_two("second");
    for (std::uint64_t length = end_ - 1; length > second_; --length) {
        file_.resize(length);
        EXPECT_EQ(state_at(second_), record_state::torn) << length;
    }
    EXPECT_EQ(state_at(start), record_state::whole);
}

TEST_F(RecordFrameTest, ATailOfZerosIsTorn) {
    write_two("second");
    file_.resize(end_ + 10000);
    EXPECT_EQ(state_at(end_), record_state::torn);
}

TEST_F(RecordFrameTest, EachFlippedBitBeforeAnotherRecordIsDamage) {
    write_two("second");
    for (std::uint64_t at = start; at < second_; ++at) {
        flip(at);
        EXPECT_EQ(state_at(start), record_state::damaged) << at;
        flip(at);
    }
    EXPECT_EQ(state_at(start), record_state::whole);
}

TEST_F(RecordFrameTest, AFlippedBitInTheLastPayloadMayBeATornWrite) {
    write_two("second");
    flip(end_ - 1);
    EXPECT_EQ(state_at(second_), record_state::torn);
}

TEST_F(RecordFrameTest, WhatLiesElsewhereOrIsOfAnotherFileIsNoRecord) {
    write_two("second");
    EXPECT_EQ(state_at(start, id + 1), record_state::damaged);
    EXPECT_EQ(state_at(start + 1), record_state::damaged);
    file_.write_at(end_, bytes_);  // the second once more, where it does not belong
    EXPECT_EQ(state_at(end_), record_state::damaged);
}

TEST_F(RecordFrameTest, WhatIsCutMeanwhileIsTorn) {
    write_two("second");
    EXPECT_EQ(read_record(file_, id, second_, end_, payload_).state, record_state::whole);
    file_.resize(end_ - 1);
    EXPECT_EQ(read_record(file_, id, second_, end_, payload_).state, record_state::torn);
    file_.resize(second_ + 3);
    EXPECT_EQ(read_record(file_, id, second_, end_, payload_).state, record_state::torn);
    EXPECT_EQ(read_record(file_, id, end_ + 1, end_ + 900, payload_).state, record_state::torn);
}

TEST_F(RecordFrameTest, AHeaderIsReadWhereThereIsOne) {
    EXPECT_FALSE(read_record_file_id(file_));
    const record_file_header header = make_record_file_header(id);
    file_.write_at(0, std::as_bytes(std::span{&header, 1}));
    EXPECT_EQ(read_record_file_id(file_), id);
}

TEST_F(RecordFrameTest, WhatIsNoHeaderIsAnError) {
    const std::string complaint = "it is not a record file, or its beginning is damaged";
    record_file_header header = make_record_file_header(id);
    header.id = 8;
    file_.write_at(0, std::as_bytes(std::span{&header, 1}));
    EXPECT_NE(complaint_of([&] { read_record_file_id(file_); }).find(complaint), std::string::npos);
    file_.resize(3);
    EXPECT_NO_THROW(check_record_file_begun(file_));
    flip(2);
    EXPECT_NE(complaint_of([&] { check_record_file_begun(file_); }).find(complaint),
              std::string::npos);
}

TEST_F(RecordFrameTest, AnotherVersionIsSaidToBeOne) {
    record_file_header header = make_record_file_header(id);
    header.version = 2;
    const auto bytes = std::as_bytes(std::span{&header, 1});
    header.checksum = crc32c(bytes.subspan(16, 8), crc32c(bytes.first(12)));
    file_.write_at(0, bytes);
    EXPECT_EQ(
        complaint_of([&] { read_record_file_id(file_); }),
        "cannot read '" + path_ + "': incompatible protocol version; its records are of version 2");
}

}  // namespace
}  // namespace signet::os
