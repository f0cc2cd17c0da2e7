// SPDX-License-Identifier: Apache-2.0
// Two producers and two consumers, and between them a buffer of eight: who finds it full waits, and
// so does who finds it empty.
#include <signet/error.hpp>
#include <signet/shared.hpp>
#include <signet/structure.hpp>
#include <signet/sync.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <cstdio>
#include <mutex>

constexpr int each = 1000;
constexpr int no_more = 0;

struct buffer {
    int items[8];
    unsigned first;
    unsigned count;
};

struct totals {
    std::int64_t numbers;
    std::int64_t sum;
};

class bounded_buffer {
public:
    explicit bounded_buffer(const signet::region& shop)
        : content_{shop, "buffer"},
          guard_{
              shop, "guard", {.repair = [] {}}},  // each change below is one store: all or nothing
          changed_{shop, "changed"} {}

    void put(int item) {
        std::unique_lock mine{guard_};
        changed_.wait(mine, [&] { return content_->count - content_->first < 8; });
        content_->items[content_->count % 8] = item;
        content_->count += 1;
        changed_.notify_all();
    }

    int take() {
        std::unique_lock mine{guard_};
        changed_.wait(mine, [&] { return content_->count != content_->first; });
        const int item = content_->items[content_->first % 8];
        content_->first += 1;
        changed_.notify_all();
        return item;
    }

private:
    signet::structure<buffer> content_;
    signet::mutex guard_;
    signet::condition_variable changed_;
};

void produce() {
    const signet::region shop{"example/buffer"};
    bounded_buffer numbers{shop};
    for (int i = 1; i <= each; ++i) numbers.put(i);
    numbers.put(no_more);
}

void consume() {
    const signet::region shop{"example/buffer"};
    bounded_buffer numbers{shop};
    signet::shared<totals> all{shop, "totals"};
    for (int item = numbers.take(); item != no_more; item = numbers.take()) {
        all.with([&](totals& sum) { sum = {sum.numbers + 1, sum.sum + item}; });
    }
}

int main() try {
    signet::region::remove("example/buffer");  // what an earlier run left
    for (int i = 0; i < 4; ++i) {
        if (fork() != 0) continue;
        i < 2 ? produce() : consume();
        _exit(0);
    }
    while (wait(nullptr) > 0) {
    }
    const signet::region shop{"example/buffer"};
    const totals all = signet::shared<totals>{shop, "totals"}.read();
    std::printf("%lld numbers, together %lld\n", static_cast<long long>(all.numbers),
                static_cast<long long>(all.sum));
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "bounded_buffer: %s\n", problem.what());
    return 1;
}
