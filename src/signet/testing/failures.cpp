// SPDX-License-Identifier: Apache-2.0
#include <signet/testing/failures.hpp>

#include <signet/base/error.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <set>

namespace signet::testing {
namespace {

constexpr int calls_max = 1000;
constexpr int not_forked = 127;
constexpr int killed = 128;

enum class outcome { threw, survived, no_such_call };

outcome run_failing(int nth, int error_number, const operation& tried, std::set<long>& survived) {
    scripted_kernel script;
    script.fail_any(error_number, nth);
    try {
        tried();
    } catch (const error&) {
        EXPECT_NE(script.failed_number(), -1) << "it fails without being made to";
        return script.failed_number() == -1 ? outcome::no_such_call : outcome::threw;
    }
    if (script.failed_number() == -1) return outcome::no_such_call;
    survived.insert(script.failed_number());
    return outcome::survived;
}

}  // namespace

std::string complaint_of(const operation& tried) {
    try {
        tried();
    } catch (const error& e) {
        return e.what();
    }
    return "no error";
}

int open_descriptors() {
    const std::filesystem::directory_iterator all{"/proc/self/fd"};
    return static_cast<int>(std::distance(begin(all), end(all))) - 1;  // the list itself is one
}

std::vector<long> fail_each_call(int error_number, const operation& tried) {
    os::process_generation();  // its page is made once in a process, and is no call of `tried`
    std::set<long> survived;
    for (int nth = 1; nth <= calls_max; ++nth) {
        const int before = open_descriptors();
        const outcome result = run_failing(nth, error_number, tried, survived);
        EXPECT_EQ(open_descriptors(), before) << "descriptors leak when call " << nth << " fails";
        if (result == outcome::no_such_call) return {survived.begin(), survived.end()};
    }
    ADD_FAILURE() << "it makes more than " << calls_max << " calls";
    return {};
}

int exit_code_of_forked(const std::function<int()>& body) {
    const pid_t pid = fork();
    if (pid == 0) _exit(body());
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid) return not_forked;
    return WIFSIGNALED(status) ? killed + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace signet::testing
