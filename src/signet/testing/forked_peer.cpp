// SPDX-License-Identifier: Apache-2.0
#include <signet/testing/forked_peer.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <system_error>

namespace signet::testing {
namespace {

constexpr int threw = 126;
constexpr int not_waited_for = 127;
constexpr int killed = 128;

int run(const std::function<int()>& body) try { return body(); } catch (const std::exception&) {
    return threw;
}

}  // namespace

forked_peer::forked_peer(const std::function<int()>& body) : pid_{fork()} {
    if (pid_ < 0) throw std::system_error{errno, std::generic_category(), "fork"};
    if (pid_ == 0) _exit(run(body));
}

forked_peer::~forked_peer() {
    if (!reaped_) kill();
}

void forked_peer::kill() {
    ::kill(pid_, SIGKILL);
    exit_code();
}

int forked_peer::exit_code() {
    int status = 0;
    if (waitpid(pid_, &status, 0) != pid_) return not_waited_for;
    reaped_ = true;
    return WIFSIGNALED(status) ? killed + WTERMSIG(status) : WEXITSTATUS(status);
}

void wait_to_be_killed() {
    while (true) pause();
}

}  // namespace signet::testing
