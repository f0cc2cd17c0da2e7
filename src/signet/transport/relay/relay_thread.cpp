// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/relay/relay_thread.hpp>

#include <signet/base/error.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/os/signal.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace signet::transport::relay {

/// A relay, and what it waits for.
class relay_thread::one_relay final : public relay_waits {
public:
    one_relay(relay_thread& in, group of, std::unique_ptr<topic_relay> what)
        : in_{&in}, group_{of}, relay_{std::move(what)} {}

    // Its waits end before it does: they look at what it owns.
    ~one_relay() override {
        for (const wait_key key : keys_) forget(key);
    }

    wait_key add(std::unique_ptr<waitable> endpoint) override {
        return note(in_->waits_.add(std::move(endpoint)));
    }
    wait_key add_descriptor(int fd, os::interest wanted) override {
        return note(in_->waits_.add_descriptor(fd, wanted));
    }
    void remove(wait_key which) override {
        forget(which);
        std::erase(keys_, which);
    }
    void enable(wait_key which, bool wanted) override { in_->waits_.enable(which, wanted); }
    void wake_at(deadline when) override { due_ = when; }
    void again() override { due_ = clock::time_point{}; }
    void start(std::unique_ptr<topic_relay> one) override {
        in_->relays_.push_back(std::make_unique<one_relay>(*in_, group_, std::move(one)));
    }
    void leave(std::thread helper) override { in_->helpers_.push_back(std::move(helper)); }

    /// Whatever goes wrong in a relay is its own end and nobody else's.
    void work(bool finishing) noexcept {
        due_ = never;
        try {
            const auto became = finishing ? relay_->finish(*this) : relay_->work(*this);
            over_ = became == topic_relay::state::over;
        } catch (const std::exception&) {
            over_ = true;  // it told the user what there was to tell
        }
    }

    group of() const noexcept { return group_; }
    deadline due() const noexcept { return due_; }
    bool over() const noexcept { return over_; }

private:
    wait_key note(wait_key key) {
        keys_.push_back(key);
        in_->by_key_[key] = this;
        return key;
    }
    void forget(wait_key key) {
        in_->waits_.remove(key);
        in_->by_key_.erase(key);
    }

    relay_thread* in_;
    group group_;
    std::unique_ptr<topic_relay> relay_;
    std::vector<wait_key> keys_;
    deadline due_ = clock::time_point{};  // at once
    bool over_ = false;
};

// ---- any thread ---------------------------------------------------------------------------------

std::shared_ptr<relay_thread> relay_thread::of(const std::shared_ptr<link::control_plane>& plane) {
    if (plane->manual()) {
        throw error{errc::unsupported,
                    "carry a topic elsewhere",
                    {},
                    "its context is driven by hand, and a relay needs a thread; use a context with "
                    "a thread, or a channel"};
    }
    static std::mutex finding;
    static std::map<std::uint64_t, std::weak_ptr<relay_thread>> all;  // by the id of the context
    const std::lock_guard locked{finding};
    std::erase_if(all, [](const auto& known) { return known.second.expired(); });
    if (auto known = all[plane->id()].lock()) return known;
    auto made = std::make_shared<relay_thread>(plane);
    all[plane->id()] = made;
    return made;
}

relay_thread::relay_thread(const std::shared_ptr<link::control_plane>& plane)
    : plane_{plane}, generation_{os::process_generation()} {
    const os::blocked_signals none_for_the_thread;
    thread_ = std::thread{&relay_thread::run, this};
}

relay_thread::~relay_thread() {
    stopping_.store(true, std::memory_order_release);  // SYNC relay-stop
    waits_.wake();
    thread_.join();
    for (std::thread& one : helpers_) one.join();
}

relay_thread::group relay_thread::start(std::unique_ptr<topic_relay> first) {
    group made{};
    {
        const std::lock_guard locked{mutex_};
        made = group{++groups_};
    }
    ask({made, std::move(first), never, {}});
    return made;
}

void relay_thread::finish(group which, deadline until) noexcept {
    request what{which, nullptr, until, {}};
    auto finished = what.finished.get_future();
    ask(std::move(what));
    finished.wait();
}

void relay_thread::ask(request what) {
    {
        const std::lock_guard locked{mutex_};
        requests_.push_back(std::move(what));
    }
    waits_.wake();
}

// ---- the thread ---------------------------------------------------------------------------------

void relay_thread::run() {
    while (!stopping_.load(std::memory_order_acquire)) {  // SYNC relay-stop
        take_requests();
        work_all_due();
        settle_endings();
        const auto ready = waits_.wait({next_deadline(), {}});
        const std::vector<wait_key> keys{ready.begin(), ready.end()};  // work() changes the set
        for (const wait_key key : keys) {
            if (const auto known = by_key_.find(key); known != by_key_.end())
                let_work(*known->second);
        }
        drop_over();
    }
}

void relay_thread::take_requests() {
    std::vector<request> taken;
    {
        const std::lock_guard locked{mutex_};
        taken.swap(requests_);
    }
    for (request& one : taken) {
        if (one.begin) {
            relays_.push_back(std::make_unique<one_relay>(*this, one.which, std::move(one.begin)));
        } else {
            endings_.push_back({one.which, one.until, std::move(one.finished)});
            for (const auto& known : relays_) {
                if (known->of() == one.which) known->again();
            }
        }
    }
}

void relay_thread::let_work(one_relay& who) {
    who.work(ending_of(who.of()) != nullptr);
}

void relay_thread::work_all_due() {
    const deadline now = clock::now();
    for (const auto& known : relays_) {  // a list: those that are started meanwhile are behind
        if (known->due() <= now) let_work(*known);
    }
    drop_over();
}

// Those whose time is up are destroyed as they are. After the context was stopped nothing that a
// relay does would reach its user.
void relay_thread::settle_endings() {
    const deadline now = clock::now();
    const auto plane = plane_.lock();
    const bool stopped = !plane || plane->stopped();
    for (auto one = relays_.begin(); one != relays_.end();) {
        const auto next = std::next(one);
        const ending* const end = ending_of((*one)->of());
        if (stopped || (end != nullptr && end->until <= now)) relays_.erase(one);
        one = next;
    }
    std::erase_if(endings_, [&](ending& one) {
        if (any_of(one.which)) return false;
        one.finished.set_value();
        return true;
    });
}

void relay_thread::drop_over() {
    std::erase_if(relays_, [](const auto& known) { return known->over(); });
}

bool relay_thread::any_of(group which) const {
    return std::any_of(relays_.begin(), relays_.end(),
                       [&](const auto& known) { return known->of() == which; });
}

const relay_thread::ending* relay_thread::ending_of(group which) const {
    const auto found = std::find_if(endings_.begin(), endings_.end(),
                                    [&](const ending& one) { return one.which == which; });
    return found == endings_.end() ? nullptr : &*found;
}

deadline relay_thread::next_deadline() const {
    deadline next = never;
    for (const auto& known : relays_) next = std::min(next, known->due());
    for (const ending& one : endings_) next = std::min(next, one.until);
    return next;
}

}  // namespace signet::transport::relay
