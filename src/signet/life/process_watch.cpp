// SPDX-License-Identifier: Apache-2.0
#include <signet/life/process_watch.hpp>

#include <signet/os/epoll.hpp>
#include <signet/os/event.hpp>
#include <signet/os/signal.hpp>

#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace signet::life {

class watching_thread {
public:
    /// The one of this process.
    static std::shared_ptr<watching_thread> ours();

    watching_thread() {
        set_.add(leave_.fd(), os::interest::readable, 0);
        const os::blocked_signals none_for_the_thread;
        thread_ = std::thread{&watching_thread::run, this};
    }

    ~watching_thread() {
        leave_.signal();
        thread_.join();
    }

    std::uint64_t add(int fd, std::function<void()> on_end) {
        const std::lock_guard locked{changing_};
        const std::uint64_t number = ++last_;
        set_.add(fd, os::interest::readable, number);
        watched_.emplace(number, entry{fd, std::move(on_end)});
        return number;
    }

    void remove(std::uint64_t number) {
        const std::lock_guard locked{changing_};
        const auto found = watched_.find(number);
        if (found != watched_.end()) forget(found);
    }

private:
    struct entry {
        int fd;
        std::function<void()> on_end;
    };
    using entries = std::map<std::uint64_t, entry>;

    void run() {
        for (;;) {
            std::array<os::ready, 1> one;
            const auto found = set_.wait(one, never);
            if (found.empty()) continue;
            if (found.front().tag == 0) return;
            tell(found.front().tag);
        }
    }

    void tell(std::uint64_t number) {
        const std::lock_guard locked{changing_};
        const auto found = watched_.find(number);
        if (found == watched_.end()) return;
        found->second.on_end();
        forget(found);
    }

    void forget(entries::iterator which) {
        set_.remove(which->second.fd);
        watched_.erase(which);
    }

    std::mutex changing_;
    std::uint64_t last_ = 0;
    entries watched_;
    os::event leave_;
    os::epoll set_;
    std::thread thread_;
};

namespace {

struct home {
    std::mutex making;
    std::weak_ptr<watching_thread> one;
    os::made_in_process here;
};

// A forked child makes its own: a thread that is not in it may have been using its parent's.
home& home_of_this_process() {
    static std::atomic<home*> current{nullptr};
    home* there = current.load(std::memory_order_acquire);  // SYNC watching home
    while (there == nullptr || !there->here.still()) {
        auto made = std::make_unique<home>();
        // SYNC watching home
        if (current.compare_exchange_strong(there, made.get(), std::memory_order_acq_rel,
                                            std::memory_order_acquire)) {
            return *made.release();
        }
    }
    return *there;
}

}  // namespace

std::shared_ptr<watching_thread> watching_thread::ours() {
    home& here = home_of_this_process();
    const std::lock_guard making{here.making};
    if (auto there = here.one.lock()) return there;
    auto made = std::make_shared<watching_thread>();
    here.one = made;
    return made;
}

process_watch::process_watch(const os::process& watched, std::function<void()> on_end)
    : thread_{watching_thread::ours()} {
    number_ = thread_->add(watched.fd(), std::move(on_end));
}

process_watch::~process_watch() {
    if (here_.still()) {
        thread_->remove(number_);
    } else {
        new std::shared_ptr<watching_thread>{std::move(thread_)};  // its thread is in the parent
    }
}

}  // namespace signet::life
