// SPDX-License-Identifier: Apache-2.0
#include <signet/os/signal.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/poll.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>

#include <array>
#include <charconv>
#include <cstring>
#include <string>
#include <string_view>

namespace signet::os {
namespace {

constexpr int signal_number_max = 64;
constexpr int first_real_time = 34;  // below it are two that the C library keeps for itself
static_assert(sizeof(siginfo_t) == 128 && SI_QUEUE == signal_info::queued);

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

// The count in the line "SigQ:	3/96365" of /proc/self/status.
std::uint64_t count_waiting() {
    constexpr std::string_view key = "SigQ:\t";
    const long number = call(SYS_openat, AT_FDCWD, "/proc/self/status", O_RDONLY | O_CLOEXEC, 0);
    const descriptor file{static_cast<int>(check(number, "open", "/proc/self/status"))};
    std::array<char, 4096> buffer;
    // EINTR: the kernel makes the text up at once.
    const long bytes = call_uninterrupted(SYS_read, file.get(), buffer.data(), buffer.size());
    const std::string_view text{buffer.data(),
                                static_cast<std::size_t>(check(bytes, "read status"))};
    const std::size_t at = text.find(key);
    std::uint64_t waiting = 0;
    if (at == text.npos) return waiting;
    std::from_chars(text.data() + at + key.size(), text.data() + text.size(), waiting);
    return waiting;
}

std::uint64_t waiting_max() {
    rlimit limit{};
    check(call(SYS_prlimit64, 0, RLIMIT_SIGPENDING, nullptr, &limit),
          "ask for the limit of waiting signals");
    return limit.rlim_cur;
}

std::string limit_advice() try {
    return "the receiver takes them too slowly, or raise the limit of signals that wait for its "
           "user (ulimit -i), here " +
           std::to_string(waiting_max());
} catch (const error&) {
    return "raise the limit of signals that wait for the receiver's user (ulimit -i)";
}

}  // namespace

int real_time_signal(int index) {
    if (index < 0 || index > signal_number_max - first_real_time) {
        throw contract_violation{"a real-time signal's index is between 0 and 30"};
    }
    return first_real_time + index;
}

signal_limits current_signal_limits() {
    return {.waiting = count_waiting(), .max = waiting_max()};
}

queued_signal::queued_signal(int number, std::uint64_t value) {
    mask_of(std::array{number});
    siginfo_t info{};
    info.si_signo = number;
    info.si_code = SI_QUEUE;
    info.si_pid = static_cast<pid_t>(call(SYS_getpid));
    info.si_uid = static_cast<uid_t>(call(SYS_getuid));
    std::memcpy(&info.si_value, &value, sizeof value);
    std::memcpy(&bytes_, &info, sizeof info);
}

bool queued_signal::sent(long result, int number) {
    if (result == -ESRCH) return false;
    const std::string advice = result == -EAGAIN ? limit_advice() : "";
    check(result, "queue signal", std::to_string(number), advice);
    return true;
}

bool queue_signal(int pid, int number, std::uint64_t value) {
    const queued_signal one{number, value};
    return queued_signal::sent(call(SYS_rt_sigqueueinfo, pid, number, one.get()), number);
}

long set_disposition(int number, disposition what) noexcept {
    struct {
        disposition handler;
        unsigned long flags = 0;
        void* restorer = nullptr;
        std::uint64_t mask = 0;
    } const action{what};
    return call(SYS_rt_sigaction, number, &action, nullptr, sizeof action.mask);
}

blocked_signals::blocked_signals() : before_{block(all_signals)} {}

blocked_signals::blocked_signals(std::span<const int> numbers) : before_{block(mask_of(numbers))} {}

blocked_signals::~blocked_signals() {
    call(SYS_rt_sigprocmask, SIG_SETMASK, &before_, nullptr, sizeof before_);
}

signal_queue::signal_queue(std::span<const int> numbers)
    : blocked_{numbers}, source_{open_source(numbers)} {}

std::optional<int> signal_queue::try_take() {
    const auto taken = try_receive();
    return taken ? std::optional{taken->number} : std::nullopt;
}

std::optional<signal_info> signal_queue::try_receive() {
    signalfd_siginfo info{};
    // EINTR: another signal ran a handler; nothing was taken yet.
    const long result = call_uninterrupted(SYS_read, fd(), &info, sizeof info);
    if (result == -EAGAIN) return std::nullopt;
    check(result, "take a signal");
    return signal_info{.number = static_cast<int>(info.ssi_signo),
                       .pid = static_cast<int>(info.ssi_pid),
                       .uid = info.ssi_uid,
                       .value = info.ssi_ptr,
                       .code = info.ssi_code};
}

std::optional<signal_info> signal_queue::receive(deadline until) {
    for (;;) {
        if (const auto taken = try_receive()) return taken;
        if (!wait_readable(fd(), until)) return std::nullopt;
    }
}

}  // namespace signet::os
