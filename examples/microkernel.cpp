// SPDX-License-Identifier: Apache-2.0
// A tiny system of servers that send, receive and reply: one knows the names of the others and
// forwards what is for them, one keeps files, one tells when time has come. A supervisor kills them
// under load and starts them anew, and their client goes on.
#include <signet/error.hpp>
#include <signet/service.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kills = 9;

/// Connects as soon as somebody serves there.
signet::client connect(const std::string& where) {
    const auto give_up = std::chrono::steady_clock::now() + 20s;
    for (;;) {
        try {
            return signet::client{where};
        } catch (const signet::error&) {
            if (std::chrono::steady_clock::now() > give_up) throw;
            std::this_thread::sleep_for(1ms);
        }
    }
}

// ---- servers ------------------------------------------------------------------------------------

/// Who has registered under a name gets the calls "name/what".
int serve_names() {
    signet::server names{"kernel/names"};
    std::map<std::string, signet::client, std::less<>> known;
    while (auto next = names.receive()) {
        const std::string method{next->method()};
        const auto found = known.find(method.substr(0, method.find('/')));
        if (method == "register") {
            next->answer([&](const std::string& name, const std::string& where) {
                known.insert_or_assign(name, signet::client{where});
            });
        } else if (found == known.end()) {
            next->fail("not_registered", "nobody is called so");
        } else {
            next->forward(found->second);
        }
    }
    return 0;
}

int serve_files() {
    signet::server files{"kernel/files"};
    std::map<std::string, std::string> contents;
    while (auto next = files.receive()) {
        if (next->method() == "files/write") {
            next->answer([&](const std::string& name, std::string text) {
                contents[name] = std::move(text);
            });
        } else {
            next->answer([&](const std::string& name) { return contents.at(name); });
        }
    }
    return 0;
}

/// Sends a pulse to whoever asks, when the time has come.
int serve_time() {
    using std::chrono::steady_clock;
    signet::server timers{"kernel/time"};
    std::multimap<steady_clock::time_point, std::int64_t> due;
    signet::client sleeper = connect("kernel/client");
    for (;;) {
        const auto now = steady_clock::now();
        const auto left = due.empty() ? 1h : due.begin()->first - now;
        if (auto next = timers.receive_for(left)) {
            next->answer([&](int milliseconds, std::int64_t which) {
                due.emplace(now + milliseconds * 1ms, which);
            });
        }
        for (; !due.empty() && due.begin()->first <= steady_clock::now(); due.erase(due.begin())) {
            sleeper.pulse(1, due.begin()->second);
        }
    }
}

// ---- the client ---------------------------------------------------------------------------------

/// Whoever starts anew has forgotten who the others are.
void introduce(signet::client& kernel) {
    for (const std::string name : {"files", "time"}) {
        kernel.call("register", name, "kernel/" + name);
    }
}

/// Does `work` until it goes well: it may run twice.
template <class Work>
auto insist(signet::client& kernel, Work work) {
    const auto give_up = std::chrono::steady_clock::now() + 20s;
    for (;;) {
        try {
            return work();
        } catch (const signet::error&) {
            if (std::chrono::steady_clock::now() > give_up) throw;
        }
        try {
            introduce(kernel);
        } catch (const signet::error&) {
            std::this_thread::sleep_for(1ms);  // they are being started
        }
    }
}

volatile std::sig_atomic_t enough = 0;

/// Writes and reads a file, and waits for a moment. Whether all is as it should be.
bool use(signet::client& kernel, std::atomic<std::int64_t>& came, std::int64_t round) {
    const std::string wanted = "round " + std::to_string(round);
    const std::string text = insist(kernel, [&] {
        kernel.call_for(1s, "files/write", "diary", wanted);
        return kernel.call_for<std::string>(1s, "files/read", "diary");
    });
    while (came < round) {  // a timer that was killed sends no pulse: ask again
        insist(kernel, [&] { kernel.call_for(1s, "time/after", 1, round); });
        const auto until = std::chrono::steady_clock::now() + 20ms;
        while (came < round && std::chrono::steady_clock::now() < until) {
            std::this_thread::sleep_for(1ms);
        }
    }
    return text == wanted;
}

int run_client() {
    std::atomic<std::int64_t> came = 0;
    signet::server pulses{"kernel/client"};
    pulses.on_pulse([&](int, std::int64_t round) { came = round; });
    pulses.serve_in_background(1);
    signet::client kernel = connect("kernel/names");
    bool good = true;
    std::int64_t round = 0;
    while (enough == 0) good = use(kernel, came, ++round) && good;
    return use(kernel, came, ++round) && good ? 0 : 1;
}

// ---- the supervisor -----------------------------------------------------------------------------

pid_t start(int (*body)()) {
    const pid_t pid = fork();
    if (pid != 0) return pid;
    try {
        _exit(body());
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "microkernel: %s\n", problem.what());
        _exit(1);
    }
}

void end(pid_t pid) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
}

}  // namespace

int main() {
    constexpr std::array servers{serve_names, serve_files, serve_time};
    std::signal(SIGUSR1, [](int) { enough = 1; });
    std::array<pid_t, servers.size()> running;
    for (std::size_t i = 0; i < servers.size(); ++i) running[i] = start(servers[i]);
    const pid_t client = start(run_client);
    for (std::size_t i = 0; i < kills; ++i) {
        std::this_thread::sleep_for(10ms);
        pid_t& one = running[i % running.size()];
        end(one);
        one = start(servers[i % servers.size()]);
    }
    kill(client, SIGUSR1);
    int status = 0;
    waitpid(client, &status, 0);
    for (const pid_t one : running) end(one);
    if (status != 0) return 1;
    std::printf("%zu times a server was killed, and the client went on\n", kills);
    return 0;
}
