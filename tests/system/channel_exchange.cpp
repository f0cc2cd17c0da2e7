// SPDX-License-Identifier: Apache-2.0
// A program for strace: two processes exchange COUNT questions and answers, over a raw socket or
// over a channel. What it does but for these is the same whatever COUNT is.
//
//     channel_exchange raw COUNT
//     channel_exchange ADDRESS COUNT
#include <signet/listener.hpp>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

using message = std::array<std::byte, 48>;

bool moved(ssize_t bytes) {
    return bytes == static_cast<ssize_t>(sizeof(message));
}

bool ask_raw(int fd, int count) {
    message one{};
    for (bool well = true; count-- > 0;) {
        well = moved(write(fd, one.data(), one.size())) && moved(read(fd, one.data(), one.size()));
        if (!well) return false;
    }
    return true;
}

bool answer_raw(int fd, int count) {
    message one{};
    for (bool well = true; count-- > 0;) {
        well = moved(read(fd, one.data(), one.size())) && moved(write(fd, one.data(), one.size()));
        if (!well) return false;
    }
    return true;
}

bool ask(const std::string& address, int count) {
    signet::raw_channel line{address};
    const message one{};
    while (count-- > 0) {
        if (!line.send(one) || !line.receive()) return false;
    }
    return true;
}

bool answer(signet::raw_listener& door, int count) {
    auto line = door.accept();
    while (count-- > 0) {
        const auto got = line->receive();
        if (!got || !line->send(got->bytes)) return false;
    }
    return !line->receive();  // it closes first
}

template <class Ask, class Answer>
bool in_two_processes(Ask&& ask, Answer&& answer) {
    const pid_t child = fork();
    if (child == 0) _exit(ask() ? 0 : 1);
    int status = -1;
    const bool well = answer();
    return waitpid(child, &status, 0) == child && status == 0 && well;
}

bool exchange_raw(int count) {
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) return false;
    return in_two_processes([&] { return ask_raw(fds[0], count); },
                            [&] { return answer_raw(fds[1], count); });
}

bool exchange(const std::string& where, int count) {
    signet::raw_listener door{where};
    const std::string address = door.address();
    return in_two_processes([&] { return ask(address, count); },
                            [&] { return answer(door, count); });
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc != 3) return 2;
    const std::string how = argv[1];
    const int count = std::atoi(argv[2]);
    return (how == "raw" ? exchange_raw(count) : exchange(how, count)) ? 0 : 1;
} catch (const std::exception& problem) {
    std::fprintf(stderr, "channel_exchange: %s\n", problem.what());
    return 1;
}
