// SPDX-License-Identifier: Apache-2.0
// Functions that another process calls, and what a call says that fails; then an object with
// methods, served by threads, and a function that is told that nobody waits for it any more.
#include <signet/error.hpp>
#include <signet/service.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string>
#include <system_error>
#include <thread>

using namespace std::chrono_literals;

namespace {

class calculator {
public:
    int add(int a, int b) const { return a + b; }
};
SIGNET_INTERFACE(calculator, add)  // behind the class, in its namespace

void serve_sums() {
    signet::server sums{"sums"};
    sums.handle("add", [](int a, int b) { return a + b; });
    sums.serve();
}

// The other process may not have come so far.
void await_server() {
    const auto give_up = std::chrono::steady_clock::now() + 20s;
    for (;;) {
        try {
            const signet::client there{"sums"};
            return;
        } catch (const signet::error&) {
            if (std::chrono::steady_clock::now() > give_up) throw;
            std::this_thread::sleep_for(1ms);
        }
    }
}

const char* text_of(signet::ran ran) {
    switch (ran) {
        case signet::ran::no: return "no";
        case signet::ran::yes: return "yes";
        case signet::ran::maybe: break;
    }
    return "maybe";
}

void call_sums(pid_t server) {
    signet::client sums{"sums"};
    int five = sums.call<int>("add", 2, 3);
    std::printf("2 + 3 = %d\n", five);
    try {
        sums.call("multiply", 2, 3);
    } catch (const signet::call_error& why) {
        std::printf("no such function; did it run? %s\n", text_of(why.ran()));
    }
    kill(server, SIGKILL);
    waitpid(server, nullptr, 0);
    try {
        sums.call<int>("add", 2, 3);
    } catch (const signet::error&) {
        std::printf("the server is dead\n");
    }
}

void search_slowly(signet::server& server, bool& told) {
    server.handle("search", [&told](const std::string& text) {
        const std::stop_token stop = signet::current_call()->stop_token();
        while (!stop.stop_requested()) std::this_thread::sleep_for(1ms);
        told = true;
        return text;
    });
}

void call_methods(bool& told) {
    calculator object;
    signet::server server{"desk"};
    server.handle(object);
    search_slowly(server, told);
    server.serve_in_background(2);
    signet::client client{"desk"};
    std::printf("2 + 3 = %d\n", client.call<&calculator::add>(2, 3));
    try {
        client.call_for<std::string>(1s, "search", "needle");
    } catch (const signet::call_error& why) {
        std::printf("too late; did it run? %s\n", text_of(why.ran()));
    }
}

}  // namespace

int main() try {
    const pid_t server = fork();
    if (server < 0) throw std::system_error{errno, std::generic_category(), "fork"};
    if (server == 0) {
        serve_sums();
        _exit(0);
    }
    await_server();
    call_sums(server);
    bool told = false;
    call_methods(told);
    std::printf("it was%s told\n", told ? "" : " not");
    return 0;
} catch (const std::exception& problem) {
    std::fprintf(stderr, "calls: %s\n", problem.what());
    return 1;
}
