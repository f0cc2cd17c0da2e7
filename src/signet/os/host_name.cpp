// SPDX-License-Identifier: Apache-2.0
#include <signet/os/host_name.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>

#include <netdb.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace signet::os {
namespace {

std::atomic<int> lookups{0};

// What one lookup and its thread share; the last of the two frees it.
struct lookup {
    lookup(std::string name, std::uint16_t at) : host{std::move(name)}, port{at} {}
    ~lookup() { lookups.fetch_sub(1, std::memory_order_relaxed); }  // relaxed: a count alone
    lookup(const lookup&) = delete;
    lookup& operator=(const lookup&) = delete;

    const std::string host;
    const std::uint16_t port;
    std::mutex guard;
    std::condition_variable changed;
    bool done = false;
    int problem = 0;  ///< EAI_…
    int number = 0;   ///< of the error, where that is EAI_SYSTEM
    std::vector<ip_address> found;
};

std::vector<ip_address> listed(const addrinfo* first, std::uint16_t port) {
    std::vector<ip_address> all;
    for (const addrinfo* one = first; one != nullptr; one = one->ai_next) {
        if (one->ai_family != AF_INET && one->ai_family != AF_INET6) continue;
        const ip_address address = ip_address::from_kernel(one->ai_addr, one->ai_addrlen);
        const ip_address whole = address.with_port(port);
        if (std::find(all.begin(), all.end(), whole) == all.end()) all.push_back(whole);
    }
    return all;
}

void look_up(const std::shared_ptr<lookup>& shared) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* first = nullptr;
    const int problem = getaddrinfo(shared->host.c_str(), nullptr, &hints, &first);
    const int number = errno;
    std::vector<ip_address> found;
    if (problem == 0) {
        found = listed(first, shared->port);
        freeaddrinfo(first);
    }
    const std::lock_guard locked{shared->guard};
    shared->problem = problem == 0 && found.empty() ? EAI_NONAME : problem;
    shared->number = number;
    shared->found = std::move(found);
    shared->done = true;
    shared->changed.notify_one();
}

// Signals go to the threads of the user, so the new one takes none.
void start(const std::shared_ptr<lookup>& shared) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        std::thread{look_up, shared}.detach();
    } catch (const std::system_error& why) {
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
        throw error{why.code(), "start a thread to look up", shared->host};
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

constexpr std::string_view operation = "find the address of";

[[noreturn]] void complain(const std::string& host, int problem, int number) {
    switch (problem) {
        case EAI_SYSTEM: fail(-number, operation, host);
        case EAI_MEMORY: fail(-ENOMEM, operation, host);
        case EAI_AGAIN:
            throw error{std::make_error_code(std::errc::resource_unavailable_try_again), operation,
                        host, "no name server answers; see /etc/resolv.conf"};
        default:
            throw error{errc::bad_name, operation, host,
                        std::string{gai_strerror(problem)} + "; `getent ahosts " + host +
                            "` asks the same"};
    }
}

bool is_done_by(lookup& shared, deadline until) {
    std::unique_lock locked{shared.guard};
    const auto done = [&] { return shared.done; };
    if (until != never) return shared.changed.wait_until(locked, until, done);
    shared.changed.wait(locked, done);
    return true;
}

std::shared_ptr<lookup> counted(const std::string& host, std::uint16_t port) {
    if (lookups.fetch_add(1, std::memory_order_relaxed) >= lookups_max) {  // relaxed: a count alone
        lookups.fetch_sub(1, std::memory_order_relaxed);
        throw error{errc::limit_reached, operation, host,
                    "64 names are being looked up already, and the name servers do not answer"};
    }
    return std::make_shared<lookup>(host, port);
}

}  // namespace

std::vector<ip_address> addresses_of(const std::string& host, std::uint16_t port, deadline until) {
    const auto shared = counted(host, port);
    start(shared);
    if (!is_done_by(*shared, until)) {
        throw error{std::make_error_code(std::errc::timed_out), operation, host,
                    "the name servers did not answer in time; see /etc/resolv.conf"};
    }
    if (shared->problem != 0) complain(host, shared->problem, shared->number);
    return std::move(shared->found);
}

}  // namespace signet::os
