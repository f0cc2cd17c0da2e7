// SPDX-License-Identifier: Apache-2.0
#include <signet/os/signal.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>

namespace signet::os {
namespace {

constexpr int signal_number_max = 64;

constexpr std::uint64_t bit_of(int number) {
    return std::uint64_t{1} << (number - 1);
}

// glibc stops threads with 32 and makes them change their uid with 33.
constexpr std::uint64_t all_signals = ~(bit_of(32) | bit_of(33));

std::uint64_t mask_of(std::span<const int> numbers) {
    std::uint64_t mask = 0;
    for (const int number : numbers) {
        if (number < 1 || number > signal_number_max) {
            throw contract_violation{"a signal's number is between 1 and 64"};
        }
        mask |= bit_of(number);
    }
    return mask;
}

std::uint64_t block(std::uint64_t mask) {
    std::uint64_t before = 0;
    check(call(SYS_rt_sigprocmask, SIG_BLOCK, &mask, &before, sizeof mask), "block signals");
    return before;
}

descriptor open_source(std::span<const int> numbers) {
    const std::uint64_t mask = mask_of(numbers);
    const long number = call(SYS_signalfd4, -1, &mask, sizeof mask, SFD_CLOEXEC | SFD_NONBLOCK);
    return descriptor{static_cast<int>(check(number, "collect signals"))};
}

}  // namespace

blocked_signals::blocked_signals() : before_{block(all_signals)} {}

blocked_signals::blocked_signals(std::span<const int> numbers) : before_{block(mask_of(numbers))} {}

blocked_signals::~blocked_signals() {
    call(SYS_rt_sigprocmask, SIG_SETMASK, &before_, nullptr, sizeof before_);
}

signal_queue::signal_queue(std::span<const int> numbers)
    : blocked_{numbers}, source_{open_source(numbers)} {}

std::optional<int> signal_queue::try_take() {
    signalfd_siginfo info{};
    // EINTR: another signal ran a handler; nothing was taken yet.
    const long result = call_uninterrupted(SYS_read, fd(), &info, sizeof info);
    if (result == -EAGAIN) return std::nullopt;
    check(result, "take a signal");
    return static_cast<int>(info.ssi_signo);
}

}  // namespace signet::os
