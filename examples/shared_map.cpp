// SPDX-License-Identifier: Apache-2.0
// Containers of Boost in a region: two processes fill one map and one vector, and neither copies
// what the other one has made. A process that dies while it changes them leaves them to be built
// anew by the next one to get the lock.
#include <signet/error.hpp>
#include <signet/structure.hpp>
#include <signet/sync.hpp>

#include <boost/container/map.hpp>
#include <boost/container/string.hpp>
#include <boost/container/vector.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <cstdio>
#include <functional>
#include <mutex>

template <class T>
using in_region = signet::region_allocator<T>;
using text = boost::container::basic_string<char, std::char_traits<char>, in_region<char>>;
using entry = std::pair<const int, text>;
using phone_book = boost::container::map<int, text, std::less<int>, in_region<entry>>;
using numbers = boost::container::vector<int, in_region<int>>;

struct directory {
    signet::region town{"example/directory"};
    signet::structure<phone_book> names{town, "names"};
    signet::structure<numbers> order{town, "order"};
    signet::mutex guard{town, "guard", {.repair = [this] { rebuild(); }}};

    void rebuild() {
        names.rebuild();
        order.rebuild();
    }

    void add(int number, const char* name) {
        const std::scoped_lock mine{guard};
        names->emplace(number, text{name, in_region<char>{names.allocates()}});
        order->push_back(number);
    }
};

void fill(int first) {
    directory here;
    for (int i = first; i < first + 200; ++i) {
        here.add(i, i % 2 == 0 ? "somebody with a name that is long enough to be allocated" : "Bo");
    }
}

int main() try {
    signet::region::remove("example/directory");  // what an earlier run left
    for (const int first : {0, 1000}) {
        if (fork() != 0) continue;
        fill(first);
        _exit(0);
    }
    while (wait(nullptr) > 0) {
    }
    directory here;
    const std::scoped_lock mine{here.guard};
    std::printf("%zu names, %zu numbers\n", here.names->size(), here.order->size());
    std::printf("1 is %s\n1198 is %s\n", here.names->at(1).c_str(), here.names->at(1198).c_str());
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "shared_map: %s\n", problem.what());
    return 1;
}
