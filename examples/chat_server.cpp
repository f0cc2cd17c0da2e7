// SPDX-License-Identifier: Apache-2.0
// A chat room: one thread serves all guests, each by a task that waits for what its guest says.
#include <signet/error.hpp>
#include <signet/listener.hpp>
#include <signet/loop.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

struct line {
    std::string who;
    std::string words;
};
using guest = std::shared_ptr<signet::channel<line>>;

constexpr std::size_t guests = 200;

signet::task<> serve(signet::loop& loop, std::vector<guest>& room, guest one) {
    for (;;) {
        const auto said = co_await loop.receive(*one);
        if (!said) co_return;  // it has left
        for (const guest& other : room) {
            const bool there = co_await loop.send(*other, *said);
            if (!there) continue;  // that one has left
        }
    }
}

signet::task<> open_door(signet::loop& loop, signet::listener<line>& door,
                         std::vector<guest>& room) {
    while (room.size() < guests) {
        auto next = co_await loop.accept(door);
        if (!next) co_return;
        room.push_back(std::make_shared<signet::channel<line>>(std::move(*next)));
        loop.spawn(serve(loop, room, room.back()));
    }
}

signet::task<> visit(signet::loop& loop, guest mine, int number, std::size_t& heard) {
    const line greeting{"guest " + std::to_string(number), "hello, all of you"};
    const bool sent = co_await loop.send(*mine, greeting);
    for (std::size_t lines = 0; sent && lines < guests; ++lines) {
        const auto said = co_await loop.receive(*mine);
        if (!said) co_return;
        if (said->words == greeting.words) ++heard;
    }
}

/// Usually in many processes; here in another thread, with a loop of its own.
void come_all(const std::string& address) {
    signet::loop loop;
    std::size_t heard = 0;
    std::vector<guest> all;
    while (all.size() < guests) all.push_back(std::make_shared<signet::channel<line>>(address));
    for (int number = 0; guest & one : all)
        loop.spawn(visit(loop, std::move(one), number++, heard));
    loop.run();
    std::printf("%zu guests heard %zu lines\n", guests, heard);
}

int main() try {
    signet::listener<line> door{"unix://@signet-example-chat"};
    signet::loop loop;
    std::vector<guest> room;
    loop.spawn(open_door(loop, door, room));
    const std::jthread visitors{come_all, door.address()};
    loop.run();
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "chat_server: %s\n", problem.what());
    return 1;
}
