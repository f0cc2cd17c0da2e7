// SPDX-License-Identifier: Apache-2.0
#include "bench_channel_meeting.hpp"

#include "bench_round.hpp"

#include <bench/limits/processes.hpp>

#include <signet/listener.hpp>
#include <signet/os/pipe.hpp>
#include <signet/os/random.hpp>

#include <fmt/core.h>

#include <sched.h>

#include <array>
#include <atomic>
#include <cstring>
#include <utility>

namespace signet::command {
namespace {

/// An address of the scheme that nobody else has; empty: there is none.
std::string address_of(std::string_view scheme, const std::string& place) {
    const std::string unique = fmt::format("signet-bench-{:016x}", os::random_u64());
    if (scheme == "unix" || scheme == "fifo" || scheme == "sysv") {
        return fmt::format("{}://{}/line", scheme, place);
    }
    if (scheme == "tcp" || scheme == "tls" || scheme == "udp") {
        return fmt::format("{}://127.0.0.1:0", scheme);
    }
    if (scheme == "mq") return "mq:///" + unique;
    if (scheme == "shm") return "shm://bench/" + unique;
    return {};
}

/// At an address, at which the second process listens.
class meeting_at_address final : public channel_meeting {
public:
    explicit meeting_at_address(std::string_view scheme)
        : where_{address_of(scheme, place_.path())} {}

    raw_channel lead(const channel_options& how) override {
        while (!on_->there.load(std::memory_order_acquire)) {  // SYNC bench-channel-there
            sched_yield();
        }
        return raw_channel{on_->address.data(), how};
    }
    std::optional<raw_channel> follow(const channel_options& how) override {
        raw_listener door{where_, how};
        std::strncpy(on_->address.data(), door.address().c_str(), on_->address.size() - 1);
        on_->there.store(true, std::memory_order_release);  // SYNC bench-channel-there
        return door.accept();
    }

private:
    /// Written by who follows.
    struct stage {
        std::array<char, 512> address{};
        std::atomic<bool> there{false};
    };

    private_directory place_;
    std::string where_;
    limits::shared<stage> on_;
};

/// Over descriptors that both have inherited.
class meeting_by_inheritance final : public channel_meeting {
public:
    raw_channel lead(const channel_options& how) override {
        return raw_channel{address(back_.reader, to_.writer), how};
    }
    std::optional<raw_channel> follow(const channel_options& how) override {
        return raw_channel{address(to_.reader, back_.writer), how};
    }

private:
    static std::string address(const os::pipe_end& in, const os::pipe_end& out) {
        return fmt::format("pipe:{},{}", in.fd(), out.fd());
    }

    os::pipe_ends to_ = os::pipe_ends::create();
    os::pipe_ends back_ = os::pipe_ends::create();
};

/// With a program that is started.
class meeting_with_program final : public channel_meeting {
public:
    explicit meeting_with_program(std::string part) : part_{std::move(part)} {}

    raw_channel lead(const channel_options& how) override {
        return raw_channel{"exec:/proc/self/exe bench answer " + part_, how};
    }
    std::optional<raw_channel> follow(const channel_options&) override { return std::nullopt; }

private:
    std::string part_;
};

}  // namespace

std::unique_ptr<channel_meeting> meeting_over(const std::string& scheme, const std::string& part) {
    if (scheme == "pipe") return std::make_unique<meeting_by_inheritance>();
    if (scheme == "exec") return std::make_unique<meeting_with_program>(part);
    if (address_of(scheme, {}).empty()) return nullptr;
    return std::make_unique<meeting_at_address>(scheme);
}

}  // namespace signet::command
