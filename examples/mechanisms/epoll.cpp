// SPDX-License-Identifier: Apache-2.0
// One wait for three things: a bell, a timer, the end of a child.
#include <signet/os/child.hpp>
#include <signet/os/epoll.hpp>
#include <signet/os/event.hpp>
#include <signet/os/timer.hpp>

#include <array>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <set>
#include <string>

int main() try {
    using namespace signet::os;
    using namespace std::chrono_literals;
    const std::array<std::string, 3> names{"bell", "child", "timer"};
    event bell;
    child program = child::spawn({"true"});
    timer alarm;
    epoll set;
    set.add(bell.fd(), interest::readable, 0);
    set.add(program.handle().fd(), interest::readable, 1);
    set.add(alarm.fd(), interest::readable, 2);

    bell.signal();
    alarm.start_after(1ms);
    std::set<std::string> came;
    std::array<ready, 3> storage;
    while (came.size() < names.size()) {
        for (const ready& one : set.wait(storage, signet::never)) came.insert(names.at(one.tag));
    }
    for (const std::string& name : came) std::cout << name << "\n";
} catch (const std::exception& e) {
    std::cerr << e.what() << "\n";
    return EXIT_FAILURE;
}
