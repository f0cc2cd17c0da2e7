// SPDX-License-Identifier: Apache-2.0
// Signet's services, over the carrier that SCHEME names. Both ends wait eagerly, as by default,
// or poll. The server serves in one thread.
#include <bench/peers/calls.hpp>

#include <signet/service.hpp>

#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>

namespace {

constexpr std::string_view scheme = SCHEME;

std::string address(const peers::part& mine) {
    if (scheme == "shm") return "shm://" + mine.name();
    return std::string{scheme} + "://" + mine.place + "/calls";
}

signet::life::wait_mode waiting(const peers::part& mine) {
    return mine.waiting == peers::waiting::poll ? signet::life::wait_mode::poll
                                                : signet::life::wait_mode::eager;
}

class server {
public:
    explicit server(const peers::part& mine) : server_{address(mine), {.waiting = waiting(mine)}} {
        server_.handle("increment", [](std::int32_t number) { return number + 1; });
        server_.handle("echo", [](std::string_view text) { return std::string{text}; });
        server_.handle("leave", [this] { server_.stop(); });
    }

    void serve() { server_.serve(); }

private:
    signet::server server_;
};

class caller {
public:
    explicit caller(const peers::part& mine) : client_{address(mine), {.waiting = waiting(mine)}} {}

    std::int32_t increment(std::int32_t number) {
        return client_.call<std::int32_t>("increment", number);
    }

    template <class Read>
    void echo(const std::string& text, Read&& read) {
        read(client_.call<std::string>("echo", text));
    }

    void increment_all(peers::questions& all) {
        while (begin_calls(all)) {
            call& oldest = under_way_.front();
            all.answered(oldest.number, oldest.result.get());
            under_way_.pop_front();
        }
    }

    void leave() { client_.call("leave"); }

private:
    struct call {
        std::int32_t number;
        signet::async_result<std::int32_t> result;
    };

    /// Whether any is under way.
    bool begin_calls(peers::questions& all) {
        while (under_way_.size() < peers::calls_under_way) {
            const auto number = all.next();
            if (!number) break;
            under_way_.push_back({*number, client_.async_call<std::int32_t>("increment", *number)});
        }
        return !under_way_.empty();
    }

    signet::client client_;
    std::deque<call> under_way_;
};

}  // namespace

int main(int count, char** arguments) {
    // Names of shared memory meet in the place of this measurement.
    if (const auto mine = peers::parse(count, arguments)) {
        setenv("SIGNET_DIR", (mine->place + "/signet").c_str(), 1);
    }
    return peers::run_calls<server, caller>(count, arguments, SIGNET_VERSION);
}
