// SPDX-License-Identifier: Apache-2.0
// What kills leave of Signet's locks, queues, permits and heap (kills.hpp).
#include <bench/peers/kills.hpp>
#include <signet/structure.hpp>
#include <signet/sync.hpp>

#include <cstdint>
#include <memory>
#include <mutex>

namespace {

constexpr const char* place = "peers-kills";

/// What one process has open; each use takes what it needs.
struct open_region {
    signet::region in{place};
    signet::mutex lock{in, "lock", {.repair = [] {}}};
};

struct counted {
    std::uint64_t count;
};

struct queue : open_region {
    signet::condition_variable filled{in, "filled"};
    signet::condition_variable emptied{in, "emptied"};
    signet::structure<counted> count{in, "count"};

    void put() {
        std::unique_lock mine{lock};
        emptied.wait(mine, [&] { return count->count < 8; });
        ++count->count;
        filled.notify_one();
    }
    void take() {
        std::unique_lock mine{lock};
        filled.wait(mine, [&] { return count->count != 0; });
        --count->count;
        emptied.notify_one();
    }
};

struct one_permit : open_region {
    signet::permit_pool permits{in, "permits", 1};

    void use() {
        permits.acquire();
        permits.release();
    }
};

struct heap : open_region {
    void use() const {
        auto* const block = in.core()->allocate(256, 16, 1);
        in.core()->release(block);
    }
};

void use_lock(open_region& here) {
    const std::scoped_lock mine{here.lock};
}

template <class Here, class Use>
std::function<void()> user(Use use) {
    return [here = std::make_shared<Here>(), use] { use(*here); };
}

const std::function<void()> make = [] { const signet::region in{place}; };
const std::function<void()> remove_it = [] { signet::region::remove(place); };

}  // namespace

int main(int count, char** words) {
    return peers::run_kills(
        count, words, "Signet",
        {{"mutex", make, [](int) { return user<open_region>(use_lock); }, remove_it},
         {"queue by mutex and conditions", make,
          [](int side) {
              return user<queue>([side](queue& it) { side == 0 ? it.put() : it.take(); });
          },
          remove_it},
         {"permits", make, [](int) { return user<one_permit>([](one_permit& it) { it.use(); }); },
          remove_it},
         {"heap in shared memory", make, [](int) { return user<heap>([](heap& it) { it.use(); }); },
          remove_it}});
}
