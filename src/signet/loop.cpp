// SPDX-License-Identifier: Apache-2.0
#include <signet/loop.hpp>

#include <signet/base/error.hpp>

#include <algorithm>
#include <utility>

namespace signet {

// ---- a spawned task -----------------------------------------------------------------------------

namespace face {

/// The coroutine around a spawned task. It frees itself when the task has ended.
class root {
public:
    class promise_type {
    public:
        root get_return_object() noexcept {
            return root{std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        std::suspend_always initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() noexcept {
            owner->roots_.erase(place);
            return {};
        }
        void return_void() const noexcept {}
        void unhandled_exception() noexcept {
            if (!owner->failure_) owner->failure_ = std::current_exception();
        }

        loop* owner = nullptr;
        std::list<std::coroutine_handle<>>::iterator place;
    };

    void belongs_to(loop& owner) {
        frame_.promise().owner = &owner;
        frame_.promise().place = owner.roots_.insert(owner.roots_.end(), frame_);
        owner.queue_.push_back(frame_);
    }

private:
    explicit root(std::coroutine_handle<promise_type> frame) noexcept : frame_{frame} {}

    std::coroutine_handle<promise_type> frame_;
};

namespace {

root run_alone(task<> body) {
    co_await std::move(body);
}

}  // namespace

// ---- one await ----------------------------------------------------------------------------------

pending::~pending() {
    leave();
}

void pending::poking::operator()() const {
    whom->poke();
}

bool pending::stopped() const {
    return loop_.stopped() || limit_.stop.stop_requested();
}

void pending::ask_again() noexcept {
    again_.store(true, std::memory_order_release);  // SYNC loop-again
    loop_.poke();
}

bool pending::look_first() {
    if (stopped()) return true;
    if (loop_.looks_left_-- <= 0) return false;
    looked_ = true;
    return look();
}

bool pending::try_look() noexcept try { return look(); } catch (...) {
    failure_ = std::current_exception();
    return true;
}

void pending::wait_for(std::coroutine_handle<> who, std::unique_ptr<transport::waitable> what) {
    loop_.wait(*this, std::move(what));
    enlist(who);
}

void pending::wait_for(std::coroutine_handle<> who, int fd, os::interest wanted) {
    descriptor_ = os::duplicate(fd);
    key_ = loop_.set_.add_descriptor(descriptor_.get(), wanted);
    loop_.subjects_[*key_].waiting = {this};
    enlist(who);
}

void pending::wait_for_deadline(std::coroutine_handle<> who) {
    enlist(who);
}

void pending::enlist(std::coroutine_handle<> who) {
    who_ = who;
    place_ = loop_.waiting_.insert(loop_.waiting_.end(), this);
    if (limit_.until != never) timer_ = loop_.timers_.emplace(limit_.until, this);
    if (stopped()) return loop_.poke();
    if (limit_.stop.stop_possible()) stopper_.emplace(limit_.stop, poking{&loop_});
}

void pending::leave() {
    stopper_.reset();
    if (key_) loop_.stop_waiting(*this, *std::exchange(key_, std::nullopt));
    if (timer_) loop_.timers_.erase(*std::exchange(timer_, std::nullopt));
    if (place_) loop_.waiting_.erase(*std::exchange(place_, std::nullopt));
}

}  // namespace face

// ---- the loop -----------------------------------------------------------------------------------

namespace {

// How many awaits may go on at once, having found what they want, before the others have a turn.
constexpr int looks_per_turn = 64;

thread_local loop* current_loop = nullptr;

/// A loop that runs is the current one of its thread.
class being_current {
public:
    being_current(loop& which, bool& running)
        : before_{std::exchange(current_loop, &which)}, running_{running} {
        running_ = true;
    }
    ~being_current() {
        running_ = false;
        current_loop = before_;
    }
    being_current(const being_current&) = delete;
    being_current& operator=(const being_current&) = delete;

private:
    loop* before_;
    bool& running_;
};

}  // namespace

loop* loop::current() noexcept {
    return current_loop;
}

loop::loop(wait_mode waiting) : set_{waiting} {}

loop::~loop() {
    queue_.clear();
    while (!roots_.empty()) {
        const auto last = roots_.front();
        roots_.pop_front();
        last.destroy();
    }
}

void loop::spawn(task<> body) {
    face::run_alone(std::move(body)).belongs_to(*this);
}

void loop::run() {
    run_until(never);
}

bool loop::run_for(std::chrono::nanoseconds limit) {
    return run_until(after(limit));
}

bool loop::run_until(deadline limit) {
    if (running_) throw contract_violation{"run: this loop is running; co_await instead"};
    const being_current here{*this, running_};
    resume_those_who_can();
    while (!roots_.empty() && (limit == never || clock::now() < limit)) {
        turn(limit);
        resume_those_who_can();
    }
    return roots_.empty();
}

/// Those who can now; who can go on as a consequence has to wait for the next turn.
void loop::resume_those_who_can() {
    looks_left_ = looks_per_turn;
    for (std::size_t left = queue_.size(); left != 0; --left) {
        const auto next = queue_.front();
        queue_.pop_front();
        next.resume();
        throw_failure();
    }
}

void loop::throw_failure() {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void loop::turn(deadline limit) {
    deadline until = timers_.empty() ? limit : std::min(limit, timers_.begin()->first);
    if (!queue_.empty()) until = deadline::min();
    const auto ready = set_.wait({until, {}});
    const std::vector<transport::wait_key> keys{ready.begin(), ready.end()};
    for (const transport::wait_key key : keys) look_for(key);
    end_due();
    const bool poked = poked_.exchange(false, std::memory_order_acquire);  // SYNC loop-poke
    if (poked) look_again();
    if (poked || (keys.empty() && set_.any_stopped())) end_stopped();
}

void loop::look_for(transport::wait_key ready) {
    const auto found = subjects_.find(ready);
    if (found == subjects_.end()) return;
    const std::vector<face::pending*> waiting = found->second.waiting;
    for (face::pending* const one : waiting) {
        if (one->try_look()) end(*one);
    }
}

void loop::end_due() {
    if (timers_.empty()) return;
    const deadline now = clock::now();
    while (!timers_.empty() && timers_.begin()->first <= now) {
        face::pending& due = *timers_.begin()->second;
        due.expire();
        end(due);
    }
}

void loop::end_stopped() {
    for (auto next = waiting_.begin(); next != waiting_.end();) {
        face::pending& one = **next++;
        if (one.stopped() || (one.key_ && set_.stopped(*one.key_))) end(one);
    }
}

// Those of whom somebody else said that they have what they wait for, or have to read themselves.
void loop::look_again() {
    for (auto next = waiting_.begin(); next != waiting_.end();) {
        face::pending& one = **next++;
        const bool asked =
            one.again_.exchange(false, std::memory_order_acquire);  // SYNC loop-again
        if (asked && one.try_look()) end(one);
    }
}

void loop::end(face::pending& one) {
    one.leave();
    queue_.push_back(one.who_);
}

void loop::stop() {
    stopping_.store(true, std::memory_order_release);  // SYNC loop-stop
    poke();
}

void loop::poke() {
    poked_.store(true, std::memory_order_release);  // SYNC loop-poke
    set_.wake();
}

// ---- what is waited for -------------------------------------------------------------------------

void loop::wait(face::pending& who, std::unique_ptr<transport::waitable> what) {
    who.key_ = key_of(std::move(what));
    subjects_[*who.key_].waiting.push_back(&who);
    // Who found nothing need not be looked at before the kernel tells of it.
    who.looked_ ? set_.settle(*who.key_) : set_.look_at(*who.key_);
}

transport::wait_key loop::key_of(std::unique_ptr<transport::waitable> what) {
    const void* const identity = what->identity();
    const bool lasting = what->outlives();
    // A subscriber stays in the set when nobody waits for it, for somebody will again.
    const auto known = keys_.find(identity);
    if (known != keys_.end()) {
        if (set_.enable(known->second, true)) return known->second;
        subjects_.erase(known->second);
    }
    if (keys_.size() >= keys_most_) forget_gone();
    const transport::wait_key key = set_.add(std::move(what));
    keys_[identity] = key;
    subjects_[key] = {identity, lasting, {}};
    return key;
}

/// As rarely as their number has doubled, so that it costs an await no more than a few steps.
void loop::forget_gone() {
    std::erase_if(keys_, [&](const auto& known) {
        if (set_.contains(known.second)) return false;
        subjects_.erase(known.second);
        return true;
    });
    keys_most_ = 2 * keys_.size() + 16;
}

void loop::stop_waiting(face::pending& who, transport::wait_key key) {
    const auto found = subjects_.find(key);
    if (found == subjects_.end()) return;
    std::erase(found->second.waiting, &who);
    if (!found->second.waiting.empty()) return;
    if (found->second.lasting) {
        set_.enable(key, false);
        return;
    }
    set_.remove(key);
    if (found->second.identity != nullptr) keys_.erase(found->second.identity);
    subjects_.erase(found);
}

}  // namespace signet
