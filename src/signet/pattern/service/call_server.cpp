// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/service/call_server.hpp>

#include <signet/base/error.hpp>
#include <signet/os/futex.hpp>
#include <signet/os/signal.hpp>
#include <signet/pattern/service/call_codes.hpp>
#include <signet/transport/patient_wait.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <stop_token>
#include <utility>

namespace signet::pattern {
namespace {

using transport::patience;

/// Replies wait for those of methods that take no longer.
constexpr std::chrono::microseconds quick_time{20};

/// While a method runs, this thread serves that call.
class serving_call {
public:
    explicit serving_call(call_at_work now)
        : before_{std::exchange(this_thread_serves(), std::move(now))} {}
    ~serving_call() { this_thread_serves() = std::move(before_); }
    serving_call(const serving_call&) = delete;
    serving_call& operator=(const serving_call&) = delete;

private:
    call_at_work before_;
};

void erase_one(std::vector<std::shared_ptr<incoming_call>>& from,
               const std::shared_ptr<incoming_call>& what) {
    const auto at = std::find(from.begin(), from.end(), what);
    if (at == from.end()) return;
    *at = std::move(from.back());
    from.pop_back();
}

}  // namespace

call_server::call_server(const server_options& options)
    : options_{options}, set_{options.waiting} {}

call_server::~call_server() {
    stop();
    {
        const std::lock_guard locked{mutex_};
        closing_ = true;
        attendant_wanted_.post();
    }
    if (attendant_.joinable()) attendant_.join();
    for (const call_ptr& call : queue_) refuse(*call, code::closing, "its server was closed");
    for (const call_ptr& call : queue_) call->from().calls.clear();  // they hold each other
    for (const auto& [key, line] : lines_) line->calls.clear();
}

void call_server::handle(std::string name, method_body body) {
    if (name.starts_with(reserved_names)) {
        throw contract_violation{"handle '" + name +
                                 "': names that begin with 'signet.' are taken"};
    }
    const std::lock_guard locked{mutex_};
    const auto [at, fresh] = methods_.try_emplace(std::move(name), method{std::move(body)});
    if (!fresh) throw contract_violation{"handle '" + at->first + "': it is handled already"};
}

server_counts call_server::counts() const {
    const std::lock_guard locked{mutex_};
    return counts_;
}

// ---- serving ------------------------------------------------------------------------------------

bool call_server::serve(const patience& limit) {
    lock locked{mutex_};
    ++serving_;
    while (!stopping_) {
        if (!queue_.empty()) {
            run_next(locked);
        } else if (transport::is_over(limit)) {
            break;
        } else if (!reading_) {
            read(locked, limit);
        } else {
            follow(locked, limit);
        }
    }
    --serving_;
    wake_one();
    return stopping_;
}

void call_server::stop() {
    const std::lock_guard locked{mutex_};
    stopping_ = true;
    for (life::notice* const one : followers_) one->post();
    set_.wake();
}

void call_server::run_next(lock& locked) {
    const call_ptr call = std::move(queue_.front());
    queue_.pop_front();
    const auto found = methods_.find(call->frame().method);
    method* const what = found == methods_.end() ? nullptr : &found->second;
    const bool measured = serving_ == 1 && another_follows(call);
    const bool corks = measured && what != nullptr && what->quick;
    if (!reading_ || !queue_.empty()) wake_one();
    locked.unlock();
    const deadline begin = measured ? clock::now() : deadline{};
    std::vector<std::byte> result;
    auto failure = run(*call, what, result);
    if (measured && what != nullptr) what->quick = clock::now() - begin < quick_time;
    answer(*call, std::move(failure), result, corks);
    locked.lock();
    finish(locked, call);
}

// Whether the next call comes from there too, so that both replies can go together.
bool call_server::another_follows(const call_ptr& done) const {
    return !queue_.empty() && &queue_.front()->from() == &done->from();
}

std::optional<wire::rpc_failure> call_server::run(incoming_call& call, method* what,
                                                  std::vector<std::byte>& result) {
    std::optional<wire::rpc_failure> why;
    if (!is_wanted(call, why)) return why;
    if (what == nullptr) {
        return not_run(code::unknown_method, "there is no '" + std::string{call.frame().method} +
                                                 "'; there are " + known_methods());
    }
    wire::put_result_head(result, call.frame().id);
    const serving_call now{{call.shared_from_this(), this}};
    try {
        why = what->body(call.frame(), result);
    } catch (...) {
        why = thrown_failure();
    }
    const std::lock_guard locked{mutex_};
    if (!why || why->ran == "yes") ++counts_.served;
    return why;
}

bool call_server::is_wanted(const incoming_call& call, std::optional<wire::rpc_failure>& why) {
    const bool cancelled = call.cancelled();
    const bool expired = call.until() != never && clock::now() >= call.until();
    if (!cancelled && !expired) return true;
    why = cancelled ? not_run(code::cancelled, "it was cancelled before its turn")
                    : not_run(code::expired, "its deadline passed before its turn");
    const std::lock_guard locked{mutex_};
    ++(cancelled ? counts_.cancelled : counts_.expired);
    return false;
}

std::string call_server::known_methods() const {
    const std::lock_guard locked{mutex_};
    std::string names;
    for (const auto& [name, what] : methods_) names += (names.empty() ? "" : ", ") + name;
    return names.empty() ? "none" : names;
}

void call_server::answer(const incoming_call& call, std::optional<wire::rpc_failure> failure,
                         const std::vector<std::byte>& result, bool more_to_come) {
    served_line& to = call.from();
    if (call.wants_reply()) {
        std::vector<std::byte> failed;
        if (failure) wire::put_failure(failed, call.frame().id, *failure);
        const std::array<frame_bytes, 1> parts{failure ? frame_bytes{failed} : frame_bytes{result}};
        post(to, parts, more_to_come);
    } else if (!more_to_come && to.corked.load(std::memory_order_relaxed)) {  // relaxed: our own
        to.line->drain();
    }
    to.corked.store(more_to_come, std::memory_order_relaxed);  // relaxed: as above
}

// A reply that is too large is answered by that.
void call_server::post(served_line& to, std::span<const frame_bytes> parts, bool more_to_come) {
    posted became = posted::lost;
    try {
        became = to.line->post(parts, more_to_come);
    } catch (const error& e) {
        const wire::rpc_frame frame = wire::read_rpc_frame(parts.front());
        std::vector<std::byte> failed;
        wire::put_failure(failed, frame.id,
                          {.code = {}, .type = "signet::error", .text = e.what(), .ran = "yes"});
        const std::array<frame_bytes, 1> instead{frame_bytes{failed}};
        became = to.line->post(instead, more_to_come);
    }
    if (became == posted::kept) resume(to.shared_from_this());
}

void call_server::refuse(const incoming_call& call, std::string_view code, std::string text) {
    if (!call.wants_reply()) return;
    std::vector<std::byte> failed;
    wire::put_failure(failed, call.frame().id, not_run(code, std::move(text)));
    const std::array<frame_bytes, 1> parts{frame_bytes{failed}};
    post(call.from(), parts, false);
}

void call_server::finish(lock&, const call_ptr& done) {
    served_line& from = done->from();
    erase_one(from.calls, done);
    if (from.resting && !from.over) resumed_.push_back(from.shared_from_this());
    const bool attended = done->attended();
    if (attended) --attended_;
    if (reading_ && (attended || from.resting)) set_.wake();
}

void call_server::resume(const line_ptr& line) {
    const std::lock_guard locked{mutex_};
    resumed_.push_back(line);
    if (reading_) set_.wake();
}

// ---- waiting ------------------------------------------------------------------------------------

void call_server::follow(lock& locked, const patience& limit) {
    life::notice woken;
    const os::futex_waiter waiter = woken.watch();
    followers_.push_back(&woken);
    locked.unlock();
    {
        const std::stop_callback on_stop{limit.stop, [&woken] { woken.post(); }};
        if (!limit.stop.stop_requested()) os::futex_wait_any({&waiter, 1}, limit.until);
    }
    locked.lock();
    std::erase(followers_, &woken);
}

// Whoever is woken is no follower any more, so that the next one is woken next.
void call_server::wake_one() {
    if (!followers_.empty()) {
        followers_.back()->post();
        followers_.pop_back();
    } else if (attended_ != 0 && !reading_) {
        attendant_wanted_.post();
    }
}

void call_server::attend() {
    const std::lock_guard locked{mutex_};
    ++attended_;
    if (!attendant_.joinable()) {
        const os::blocked_signals none_for_the_thread;
        attendant_ = std::thread{&call_server::attend_calls, this};
    }
    attendant_wanted_.post();
}

// The attendant's whole life: it reads while calls that want to be told run, and nobody else does.
void call_server::attend_calls() {
    lock locked{mutex_};
    while (!closing_) {
        const os::futex_waiter waiter = attendant_wanted_.watch();
        if (attended_ != 0 && !reading_) {
            if (!try_read(locked)) return;
            wake_one();  // a thread that serves may wait for its turn to read
        } else {
            locked.unlock();
            os::futex_wait_any({&waiter, 1}, after(life::backstop));
            locked.lock();
        }
    }
}

// False: the system refuses, which whoever serves is told in its turn.
bool call_server::try_read(lock& locked) try {
    read(locked, {});
    return true;
} catch (const error&) {
    return false;
}

}  // namespace signet::pattern
