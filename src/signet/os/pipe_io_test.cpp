// SPDX-License-Identifier: Apache-2.0
#include <signet/os/pipe_io.hpp>

#include <signet/os/pipe.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/text_bytes.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace signet::os {
namespace {

using testing::bytes_of;
using testing::exit_code_of_forked;
using testing::fail_each_call;
using testing::scripted_kernel;
using testing::text_buffer;

bool is_pending(int number) {
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, number) == 1;
}

class PipeIoTest : public ::testing::Test {
protected:
    long write(waiting wait, std::string_view text = "x") {
        return pipe_calls.write(pipe_.writer.fd(), bytes_of(text), wait);
    }

    // A kernel that knows no flags for one call.
    void age(scripted_kernel& script) {
        for (int nth = 1; nth <= 4; ++nth) {
            script.fail(SYS_pwritev2, EOPNOTSUPP, nth).fail(SYS_preadv2, EOPNOTSUPP, nth);
        }
    }

    pipe_ends pipe_ = pipe_ends::create();
    text_buffer buffer_{4};
};

TEST_F(PipeIoTest, AWriteWithoutAReaderIsNoSignal) {
    pipe_.reader.close();
    EXPECT_EQ(write(waiting::no), -EPIPE);
    EXPECT_EQ(write(waiting::yes), -EPIPE);
    EXPECT_FALSE(is_pending(SIGPIPE));
}

TEST_F(PipeIoTest, NorIsItWithAKernelThatCannotBeAskedForNone) {
    pipe_.reader.close();
    scripted_kernel script;
    age(script);
    EXPECT_EQ(write(waiting::yes), -EPIPE);
    EXPECT_EQ(write(waiting::no), -EPIPE);
    EXPECT_FALSE(is_pending(SIGPIPE));
}

TEST_F(PipeIoTest, ASignalThatWasPendingBeforeStaysPending) {
    const auto use = [&] {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGPIPE);
        sigprocmask(SIG_BLOCK, &set, nullptr);
        raise(SIGPIPE);
        {
            const sigpipe_guard guard;
        }
        return is_pending(SIGPIPE) ? 0 : 1;
    };
    EXPECT_EQ(exit_code_of_forked(use), 0);
}

TEST_F(PipeIoTest, WhoIgnoresTheSignalWritesByThePlainCall) {
    const auto use = [] {
        ignore_sigpipe();
        scripted_kernel script;
        script.fail(SYS_pwritev2, EIO);
        pipe_ends own = pipe_ends::create();
        const auto write = [&] {
            return pipe_calls.write(own.writer.fd(), bytes_of("x"), waiting::yes);
        };
        const bool written = write() == 1;
        own.reader.close();
        return written && write() == -EPIPE ? 0 : 1;
    };
    EXPECT_EQ(exit_code_of_forked(use), 0);
}

TEST_F(PipeIoTest, WithoutWaitingAFullPipeAndAnEmptyOneSaySo) {
    EXPECT_EQ(pipe_calls.read(pipe_.reader.fd(), buffer_.bytes(), waiting::no), -EAGAIN);
    EXPECT_EQ(write(waiting::no, std::string(1 << 20, 'x')), 65536);
    EXPECT_EQ(write(waiting::no), -EAGAIN);
}

TEST_F(PipeIoTest, AnOlderKernelIsAskedByPollFirst) {
    scripted_kernel script;
    age(script);
    EXPECT_EQ(pipe_calls.read(pipe_.reader.fd(), buffer_.bytes(), waiting::no), -EAGAIN);
    EXPECT_EQ(write(waiting::no, std::string(100'000, 'x')), pipe_atomic_bytes);
    EXPECT_EQ(pipe_calls.read(pipe_.reader.fd(), buffer_.bytes(), waiting::no), 4);
    std::string full(65536, 'x');
    EXPECT_EQ(pipe_calls.write(pipe_.writer.fd(), bytes_of(full), waiting::no), pipe_atomic_bytes);
}

TEST_F(PipeIoTest, TheDescriptorStaysBlocking) {
    write(waiting::no);
    EXPECT_EQ(fcntl(pipe_.writer.fd(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQ(fcntl(pipe_.reader.fd(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(PipeIoTest, EachCallOfTheGuardThatFailsIsAnErrorOrOneOfCleaningUp) {
    const std::vector<long> cleaning{SYS_rt_sigprocmask, SYS_rt_sigtimedwait};
    const std::vector<long> survived = fail_each_call(EMFILE, [] { const sigpipe_guard guard; });
    EXPECT_EQ(survived, cleaning);
}

}  // namespace
}  // namespace signet::os
