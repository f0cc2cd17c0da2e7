// SPDX-License-Identifier: Apache-2.0
#include <signet/testing/forked_peer.hpp>

#include <signet/testing/eventually.hpp>
#include <signet/testing/sleepers.hpp>

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <exception>
#include <filesystem>
#include <new>
#include <system_error>
#include <thread>

namespace signet::testing {
namespace {

constexpr int threw = 126;
constexpr int not_waited_for = 127;
constexpr int killed = 128;

std::atomic<bool>* says_that_it_waits = nullptr;  // in a forked peer

std::atomic<bool>* map_word() {
    void* const at = mmap(nullptr, sizeof(std::atomic<bool>), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) throw std::system_error{errno, std::generic_category(), "mmap"};
    return new (at) std::atomic<bool>{false};
}

bool others_sleep() {
    for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
        const int id = std::stoi(task.path().filename());
        if (id != gettid() && !is_asleep(id)) return false;
    }
    return true;
}

// A thread that just allocates would leave the allocator locked in the child. Most soon wait for
// something; one that does not is forked beside.
int fork_in_silence() {
    for (int tries = 0; tries < 100 && !others_sleep(); ++tries) {
        std::this_thread::sleep_for(std::chrono::microseconds{100});
    }
    return fork();
}

int run(const std::function<int()>& body) try { return body(); } catch (const std::exception&) {
    return threw;
}

}  // namespace

forked_peer::forked_peer(const std::function<int()>& body)
    : waits_{map_word()}, pid_{fork_in_silence()} {
    if (pid_ < 0) throw std::system_error{errno, std::generic_category(), "fork"};
    if (pid_ != 0) return;
    says_that_it_waits = waits_;
    _exit(run(body));
}

forked_peer::~forked_peer() {
    if (!reaped_) kill();
    munmap(waits_, sizeof *waits_);
}

bool forked_peer::await() {
    const auto waits = [&] { return waits_->load(std::memory_order_acquire); };  // SYNC forked peer
    eventually([&] { return waits() || ended(); });
    return waits();
}

// It stays to be waited for.
bool forked_peer::ended() {
    siginfo_t how{};
    const int options = WEXITED | WNOHANG | WNOWAIT;
    return waitid(P_PID, static_cast<id_t>(pid_), &how, options) != 0 || how.si_pid == pid_;
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
    if (says_that_it_waits != nullptr)
        says_that_it_waits->store(true, std::memory_order_release);  // SYNC forked peer
    while (true) pause();
}

}  // namespace signet::testing
