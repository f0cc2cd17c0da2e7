// SPDX-License-Identifier: Apache-2.0
// The mailbox, and the rows of `signet tour mechanisms` that exchange messages through shared bytes
// and files, each between two processes.
#include "catalogue.hpp"
#include "mailbox.hpp"

#include <signet/base/error.hpp>
#include <signet/os/mapping.hpp>
#include <signet/os/memfd.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace signet::command {
namespace {

using testing::complaint_of;
using testing::temporary_directory;

constexpr std::size_t place_bytes = mailbox::bytes_for(1000);

class MailboxTest : public ::testing::Test {
protected:
    std::span<std::byte> place() { return {memory_.data(), place_bytes}; }
    void set_word(std::size_t offset, std::uint32_t value) {
        *reinterpret_cast<std::uint32_t*>(memory_.data() + offset) = value;
    }

    os::mapping memory_ =
        os::mapping::read_write(os::create_memfd("test", place_bytes), place_bytes);
};

TEST_F(MailboxTest, WhatIsSentIsReceived) {
    mailbox sender{place()};
    mailbox receiver{place()};
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
        const std::vector<std::byte> message(bytes, std::byte{9});
        std::vector<std::byte> received(bytes);
        sender.send(message);
        receiver.receive(received);
        EXPECT_EQ(received, message);
    }
}

TEST_F(MailboxTest, ManyMessagesGoFromOneProcessToAnother) {
    constexpr std::uint32_t count = 20000;
    const pid_t sender = fork();
    if (sender == 0) {
        mailbox own{place()};
        for (std::uint32_t i = 0; i < count; ++i) own.send(std::as_bytes(std::span{&i, 1}));
        _exit(0);
    }
    mailbox own{place()};
    std::uint32_t wrong = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        std::uint32_t received = 0;
        own.receive(std::as_writable_bytes(std::span{&received, 1}));
        if (received != i) ++wrong;
    }
    EXPECT_EQ(wrong, 0U);
    EXPECT_EQ(waitpid(sender, nullptr, 0), sender);
}

TEST_F(MailboxTest, ALengthThatThePlaceDoesNotHaveIsAnError) {
    mailbox receiver{place()};
    std::vector<std::byte> buffer(2000);
    for (const std::uint32_t length : {0U, 8U, 2000U, ~0U}) {
        set_word(0, 1);
        set_word(4, length);
        EXPECT_NE(complaint_of([&] { receiver.receive(buffer); }).find("bytes came, not of 2000"),
                  std::string::npos);
    }
}

TEST_F(MailboxTest, AStateThatIsNoneIsAnError) {
    set_word(0, 4);
    EXPECT_NE(complaint_of([&] { mailbox{place()}.send({}); }).find("its state is 4"),
              std::string::npos);
}

TEST_F(MailboxTest, AnOtherSideThatIsGoneIsAnErrorInTheEnd) {
    mailbox hasty{place(), std::chrono::milliseconds{1}};
    std::byte byte{};
    EXPECT_NE(complaint_of([&] { hasty.receive({&byte, 1}); }).find("did nothing for 1 ms"),
              std::string::npos);
}

TEST_F(MailboxTest, AMessageThatIsTooLongAndABadPlaceBreakTheContract) {
    const std::vector<std::byte> message(place_bytes);
    EXPECT_THROW(mailbox{place()}.send(message), contract_violation);
    EXPECT_THROW(mailbox{place().subspan(8)}, contract_violation);
    EXPECT_THROW(mailbox{place().first(64)}, contract_violation);
}

class RowTest : public ::testing::TestWithParam<mechanism (*)()> {};

// Answers each message with itself, `count` times.
void echo(mechanism_end& end, std::size_t bytes, int count) {
    std::vector<std::byte> message(bytes);
    for (int i = 0; i < count; ++i) {
        end.receive(message);
        end.send(message);
    }
}

int wrong_answers(mechanism_end& end, std::size_t bytes, int count) {
    int wrong = 0;
    for (int i = 0; i < count; ++i) {
        const std::vector<std::byte> message(bytes, static_cast<std::byte>(i));
        std::vector<std::byte> answer(bytes);
        end.send(message);
        end.receive(answer);
        if (answer != message) ++wrong;
    }
    return wrong;
}

int wrong_answers_of(exchange& over, std::size_t bytes, int count) {
    const pid_t other = fork();
    if (other == 0) {
        echo(*over.answering(), bytes, count);
        _exit(0);
    }
    const int wrong = wrong_answers(*over.asking(), bytes, count);
    int status = 0;
    return waitpid(other, &status, 0) == other && status == 0 ? wrong : -1;
}

TEST_P(RowTest, MessagesGoBothWaysBetweenTwoProcesses) {
    const mechanism row = GetParam()();
    for (const std::size_t bytes : {row.round_trip_bytes, row.stream_bytes}) {
        const temporary_directory place;
        EXPECT_EQ(wrong_answers_of(*row.prepare(place.path()), bytes, 200), 0) << row.name;
    }
}

int names_of_this_process() {
    const std::string stem = "signet-tour-" + std::to_string(getpid());
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator{"/dev/shm"}) {
        if (entry.path().filename().string().starts_with(stem)) ++count;
    }
    return count;
}

TEST_P(RowTest, NoNameIsLeft) {
    const temporary_directory place;
    GetParam()().prepare(place.path());
    EXPECT_EQ(names_of_this_process(), 0);
    EXPECT_TRUE(std::filesystem::is_empty(place.path()));
}

INSTANTIATE_TEST_SUITE_P(All, RowTest,
                         ::testing::Values(&record_file_row, &mapped_file_row, &posix_shm_row,
                                           &memfd_row, &sysv_shm_row));

}  // namespace
}  // namespace signet::command
