// SPDX-License-Identifier: Apache-2.0
// What kills leave of the locks, queues, semaphores and heap of Boost.Interprocess (kills.hpp).
#include <bench/peers/kills.hpp>

#include <boost/interprocess/ipc/message_queue.hpp>
#include <boost/interprocess/managed_shared_memory.hpp>
#include <boost/interprocess/sync/interprocess_condition.hpp>
#include <boost/interprocess/sync/interprocess_mutex.hpp>
#include <boost/interprocess/sync/interprocess_semaphore.hpp>
#include <boost/interprocess/sync/scoped_lock.hpp>

#include <memory>

namespace {

namespace ipc = boost::interprocess;

constexpr const char* place = "signet-peers-kills";

struct words {
    ipc::interprocess_mutex lock;
    ipc::interprocess_condition filled;
    ipc::interprocess_condition emptied;
    ipc::interprocess_semaphore permits{1};
    int count = 0;

    void use_lock() { const ipc::scoped_lock<ipc::interprocess_mutex> mine{lock}; }
    void put() {
        ipc::scoped_lock<ipc::interprocess_mutex> mine{lock};
        while (count == 8) emptied.wait(mine);
        ++count;
        filled.notify_one();
    }
    void take() {
        ipc::scoped_lock<ipc::interprocess_mutex> mine{lock};
        while (count == 0) filled.wait(mine);
        --count;
        emptied.notify_one();
    }
    void use_permit() {
        permits.wait();
        permits.post();
    }
};

struct heap {
    ipc::managed_shared_memory memory{ipc::open_only, place};

    void use() { memory.deallocate(memory.allocate(256)); }
};

struct queue {
    ipc::message_queue messages{ipc::open_only, place};

    void put() { messages.send(&messages, 8, 0); }
    void take() {
        std::uint64_t message = 0;
        ipc::message_queue::size_type bytes = 0;
        unsigned priority = 0;
        messages.receive(&message, sizeof message, bytes, priority);
    }
};

void remove_it() {
    ipc::shared_memory_object::remove(place);
}

void make_words() {
    ipc::managed_shared_memory memory{ipc::create_only, place, 1 << 16};
    memory.construct<words>("words")();
}

// Found before anybody is killed, so that only what is used is tried.
template <class Use>
std::function<void()> user(Use use) {
    const auto memory = std::make_shared<ipc::managed_shared_memory>(ipc::open_only, place);
    words* const all = memory->find<words>("words").first;
    return [memory, all, use] { use(*all); };
}

template <class Here, class Use>
std::function<void()> user_of(Use use) {
    return [here = std::make_shared<Here>(), use] { use(*here); };
}

}  // namespace

int main(int count, char** arguments) {
    return peers::run_kills(
        count, arguments, "Boost.Interprocess",
        {{"mutex", make_words, [](int) { return user([](words& it) { it.use_lock(); }); },
          remove_it},
         {"queue by mutex and conditions", make_words,
          [](int side) { return user([side](words& it) { side == 0 ? it.put() : it.take(); }); },
          remove_it},
         {"semaphore", make_words, [](int) { return user([](words& it) { it.use_permit(); }); },
          remove_it},
         {"heap in shared memory", make_words,
          [](int) { return user_of<heap>([](heap& it) { it.use(); }); }, remove_it},
         {"message queue", [] { ipc::message_queue{ipc::create_only, place, 8, 8}; },
          [](int side) {
              return user_of<queue>([side](queue& it) { side == 0 ? it.put() : it.take(); });
          },
          remove_it}});
}
