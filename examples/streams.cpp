// SPDX-License-Identifier: Apache-2.0
// What calls carry beside values: streams both ways, a function that is called back, calls the
// other way, a batch in which one result is the argument of the next call; and a loop that calls.
#include <signet/loop.hpp>
#include <signet/service.hpp>

#include <cstdio>
#include <exception>
#include <functional>
#include <string>

namespace {

signet::stream<int> squares(int count) {
    for (int i = 0; i < count; ++i) co_yield (i * i);
}

void handle_streams(signet::server& desk) {
    desk.handle("squares", squares);
    desk.handle("sum", [](signet::stream<int> numbers) {
        long sum = 0;
        for (const int one : numbers) sum += one;
        return sum;
    });
}

void read_and_write_streams(signet::client& desk) {
    for (const int one : desk.call<signet::stream<int>>("squares", 4)) std::printf("%d ", one);
    std::printf("\nall of them: %ld\n", desk.call<long>("sum", squares(1000)));

    signet::stream_writer<int> numbers;
    auto sum = desk.async_call<long>("sum", numbers);
    for (int i = 1; i <= 10; ++i) numbers.write(i);
    numbers.close();
    std::printf("written by hand: %ld\n", sum.get());
}

void handle_functions(signet::server& desk) {
    desk.handle("visit", [](int count, const std::function<void(int)>& visitor) {
        for (int i = 0; i < count; ++i) visitor(i);
    });
    desk.handle("greet",
                [] { return "Hello " + signet::current_call()->call<std::string>("name"); });
}

void be_called_back(signet::client& desk) {
    int visits = 0;
    desk.call("visit", 5, [&](int) { ++visits; });
    std::printf("%d visits\n", visits);

    desk.handle("name", [] { return std::string{"Ada"}; });
    std::printf("%s\n", desk.call<std::string>("greet").c_str());
}

void call_in_one_go(signet::client& desk) {
    signet::batch together{desk};
    auto five = together.call<int>("add", 2, 3);
    auto ten = together.call<int>("add", five, 5);
    together.send();
    std::printf("2 + 3 + 5 = %d\n", ten.get());
}

signet::task<> call_in_a_loop(signet::client& desk) {
    int five = co_await desk.async_call<int>("add", 2, 3);
    std::printf("2 + 3 = %d\n", five);
}

}  // namespace

int main() try {
    signet::server desk{"desk"};
    handle_streams(desk);
    handle_functions(desk);
    desk.handle("add", [](int a, int b) { return a + b; });
    desk.serve_in_background(1);

    signet::client client{"desk"};
    read_and_write_streams(client);
    be_called_back(client);
    call_in_one_go(client);

    signet::loop in;
    in.spawn(call_in_a_loop(client));
    in.run();
    return 0;
} catch (const std::exception& problem) {
    std::fprintf(stderr, "streams: %s\n", problem.what());
    return 1;
}
