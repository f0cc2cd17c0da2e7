// SPDX-License-Identifier: Apache-2.0
// The reader's part of a server: from connections to the queue.
#include <signet/base/error.hpp>
#include <signet/pattern/service/call_codes.hpp>
#include <signet/pattern/service/call_server.hpp>
#include <signet/pattern/service/pulse.hpp>
#include <signet/transport/channel_watch.hpp>
#include <signet/wire/arguments.hpp>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace signet::pattern {
namespace {

using transport::direction;
using transport::flow;
using transport::patience;

/// Frames taken of one connection before others have their turn; fewer where they are large.
constexpr std::size_t frames_at_once = 64;
constexpr std::size_t bytes_at_once = std::size_t{1} << 20;

/// How long no connections are accepted where there are no descriptors left for them.
constexpr std::chrono::milliseconds shortage_pause{100};

// What the kernel has it tells us again; asking it for more than the first frame would be a call
// for nothing.
flow next_frame(rpc_line& from, bool first, arrived_frame& into) {
    if (first || from.end().holds_read()) return from.receive(into, patience::none());
    return from.take_read(into) ? flow::done : flow::timed_out;
}

}  // namespace

void call_server::add(std::shared_ptr<transport::channel_listener> listener,
                      const rpc_shape& shape) {
    const auto key = set_.add(transport::watch_listener(listener));
    doors_.push_back({std::move(listener), shape, key});
}

void call_server::add(std::unique_ptr<transport::channel_end> end, const rpc_shape& shape) {
    admit(std::move(end), shape);
}

// ---- a turn -------------------------------------------------------------------------------------

void call_server::read(lock& locked, const patience& limit, const awaited* what) {
    reading_ = true;
    reader_ = std::this_thread::get_id();
    const std::vector<line_ptr> resumed = std::exchange(resumed_, {});
    const bool at_once = !resumed.empty() || has_work(what);
    locked.unlock();
    try {
        take_turn(resumed, at_once ? patience::none() : limit);
    } catch (...) {
        locked.lock();
        reading_ = false;
        wake_one();
        throw;
    }
    locked.lock();
    if (!arrived_.empty()) enqueue(locked);
    if (!forwarded_.empty()) answer_forwards(locked);
    reading_ = false;
    if (!queue_.empty() || attended_ != 0) wake_one();
}

void call_server::take_turn(const std::vector<line_ptr>& resumed, patience limit) {
    in_numbers_ = true;
    for (const line_ptr& line : resumed) look_at(line);
    if (doors_again_) {
        limit.until = std::min(limit.until, *doors_again_);
        if (clock::now() >= *doors_again_) open_doors(true);
    }
    const bool had_none = near_ && !near_->line->end().holds_read();
    const auto ready = set_.wait(limit);
    in_numbers_ = !(had_none && ready.size() == 1 && ready.front() == near_->key);
    for (const transport::wait_key key : ready) look_at(key);
}

// With the mutex held; what comes later wakes who reads. For who waits inside a method what others
// have to do is no work.
bool call_server::has_work(const awaited* what) const {
    const bool wanted = what != nullptr ? what->there() : !queue_.empty();
    return wanted || !arrived_.empty() || !forwarded_.empty();
}

// The one that was looked at last is known, and often the next one too.
void call_server::look_at(transport::wait_key key) {
    if (near_ && near_->key == key) return look_at(near_);
    const auto found = lines_.find(key);
    if (found != lines_.end()) {
        if (found->second->leads_to) return look_at(line_ptr{found->second});  // may be dropped
        near_ = found->second;
        return look_at(near_);
    }
    for (door& one : doors_) {
        if (one.key == key) return admit(one);
    }
}

// ---- connections --------------------------------------------------------------------------------

void call_server::admit(door& from) {
    try {
        while (lines_.size() < options_.clients_max) {
            auto end = from.listener->accept(patience::none());
            if (!end) return set_.settle(from.key);
            admit(std::move(end), from.shape);
        }
        open_doors(false);  // until somebody leaves
    } catch (const error&) {
        open_doors(false);
        doors_again_ = after(shortage_pause);
    }
}

void call_server::admit(std::unique_ptr<transport::channel_end> end, const rpc_shape& shape) {
    auto names = [this](std::string_view name) { return parameters_of(name); };
    const auto line = std::make_shared<served_line>(
        *this, std::make_unique<rpc_line>(std::move(end), shape, std::move(names)), false);
    line->priority_max = priority_of(line->line->end());
    set_.share(transport::cores_with(line->line->end().peer()));
    await_frames(*line);
    lines_.emplace(line->key, line);
    const std::lock_guard locked{mutex_};
    ++counts_.clients;
}

void call_server::await_frames(served_line& line) {
    auto arrivals = line.line->watch(direction::receiving);
    line.told = arrivals->told_by_kernel();
    line.key = set_.add(std::move(arrivals));
}

void call_server::open_doors(bool wanted) {
    for (const door& one : doors_) set_.enable(one.key, wanted);
    doors_again_.reset();
}

void call_server::drop(line_ptr line) {
    line->dropped = true;
    await_room(line, false);
    set_.remove(line->key);
    lines_.erase(line->key);
    // Given up without the mutex.
    std::vector<call_ptr> calls;
    std::unordered_multimap<std::uint32_t, call_ptr> dependents;
    std::vector<std::shared_ptr<outgoing_stream>> streams;
    {
        const std::lock_guard locked{mutex_};
        line->end(peer_gone());
        calls = std::exchange(line->at_work, {});
        dependents = std::exchange(line->dependents, {});
        streams = line->take_streams();
        counts_.cancelled += queue_.remove_calls_of(*line);
        wake_all();
        line->leads_to ? void(std::erase(routes_, line)) : void(--counts_.clients);
    }
    // Nobody waits for an answer any more; for a notification nobody did.
    std::erase_if(arrived_, [&](const call_ptr& one) {
        return &one->from() == line.get() && one->wants_reply();
    });
    for (const call_ptr& one : calls) {
        if (one->wants_reply()) one->cancel();
        withdraw(*one);
    }
    open_doors(true);
    if (near_ == line) near_ = nullptr;
}

// Nothing is to be done with `line` once it was dropped: it may be what stands in `near_`.
void call_server::look_at(const line_ptr& line) {
    if (line->leads_to) join(line);
    if (line->dropped || line->key == transport::wait_key{}) return;
    try {
        if (!rests(line)) read_frames(line);
    } catch (const error& e) {
        if (e.code() != errc::peer_died) {
            const std::lock_guard locked{mutex_};
            ++counts_.garbage;
        }
        drop(line);
    }
}

// Whether it is not read now: it does not take its replies, or has calls enough. Decided under the
// mutex, so that whoever makes room next finds that it rests.
bool call_server::rests(const line_ptr& line) {
    const bool keeps = line->line->drain();
    await_room(line, keeps);
    if (!keeps && !line->resting && !line->filled) return false;
    const std::lock_guard locked{mutex_};
    line->filled = is_full(*line, 1);
    // What a server keeps for us it may send before it takes more.
    const bool full = line->awaited == 0 && line->filled;
    const bool rest = !line->leads_to && (keeps || full);
    if (rest != line->resting) set_.enable(line->key, !rest);
    line->resting = rest;
    return rest;
}

bool call_server::is_full(const served_line& line, std::size_t times) const {
    return line.at_work.size() >= times * options_.calls_per_client_max ||
           line.at_work_bytes >= times * options_.message_bytes_max;
}

void call_server::await_room(const line_ptr& line, bool wanted) {
    if (wanted == line->room.has_value()) return;
    if (wanted) {
        line->room = set_.add(line->line->watch(direction::sending));
        lines_.emplace(*line->room, line);
    } else {
        set_.remove(*line->room);
        lines_.erase(*line->room);
        line->room.reset();
    }
}

void call_server::read_frames(const line_ptr& line) {
    arrived_frame came;
    std::size_t bytes = 0;
    for (std::size_t taken = 0; taken < frames_at_once && bytes < bytes_at_once; ++taken) {
        const flow became = next_frame(*line->line, taken == 0, came);
        if (became == flow::ended) return drop(line);
        if (became == flow::timed_out) return set_.settle(line->key);
        bytes += came.bytes.size();
        take_frame(line, came);
        const bool in_ring = !line->told && !line->line->holds_read();
        if (in_ring && !in_numbers_) return;  // what is left the set finds
    }
    enqueue();
    const std::lock_guard locked{mutex_};
    resumed_.push_back(line);  // there may be more, which nobody else knows of
}

// ---- frames -------------------------------------------------------------------------------------

void call_server::take_frame(const line_ptr& line, const arrived_frame& came) {
    const auto& [bytes, frame] = came;
    if (frame.kind == wire::rpc_kind::response) {
        std::unique_lock locked{mutex_};
        const auto unwanted = line->take_response(frame);
        locked.unlock();
        if (unwanted) drop_stream(*line, *unwanted);
        return;
    }
    if (line->leads_to) return refuse_on_route(*line, frame);
    if (frame.method.starts_with(reserved_names) && take_reserved(line, frame)) return;
    arrived_.push_back(std::make_shared<incoming_call>(line, bytes, frame));
    arrived_.back()->limit_priority(line->priority_max);
    if (frame.rider.specials == 0) return;
    const std::lock_guard locked{mutex_};
    arrived_.back()->begin_streams();
}

// False: it is to be answered as any other.
bool call_server::take_reserved(const line_ptr& line, const wire::rpc_frame& frame) {
    if (frame.method == cancel_method) return cancel(line, frame), true;
    if (frame.method == hello_method && frame.kind == wire::rpc_kind::request) {
        return greet(line, frame), true;
    }
    if (frame.method == describe_method && frame.kind == wire::rpc_kind::request) {
        return describe_to(line, frame), true;
    }
    if (frame.kind == wire::rpc_kind::request) return false;
    if (frame.method == pulse_method) return read_pulse(frame), false;
    const std::lock_guard locked{mutex_};
    line->take_notification(frame);
    return true;
}

void call_server::greet(const line_ptr& line, const wire::rpc_frame& hello) {
    line->extensions.store(true, std::memory_order_relaxed);  // relaxed: a flag alone
    const std::uint32_t files_max = line->line->files_to(files_max_in(hello));
    line->files_max.store(files_max, std::memory_order_relaxed);  // relaxed: one number
    std::vector<std::byte> reply;
    wire::put_result_head(reply, hello.id);
    wire::append_list_head(reply, 2);
    append_hello(reply, line->line->descriptors_max());
    const frame_bytes whole{reply};
    post(*line, {.parts = {&whole, 1}}, false);
}

void call_server::describe_to(const line_ptr& line, const wire::rpc_frame& asked) {
    std::vector<std::byte> reply;
    wire::put_result_head(reply, asked.id);
    const std::vector<std::byte> methods = wire::encode(describe());
    reply.insert(reply.end(), methods.begin(), methods.end());
    const frame_bytes whole{reply};
    post(*line, {.parts = {&whole, 1}}, false);
}

void call_server::cancel(const line_ptr& line, const wire::rpc_frame& which) {
    std::uint32_t id = 0;
    wire::value_reader from{which.body, which.arguments};
    if (!from.take(id)) return;
    enqueue();  // it may be among those that have just arrived
    std::vector<call_ptr> found;
    {
        const std::lock_guard locked{mutex_};
        std::copy_if(line->at_work.begin(), line->at_work.end(), std::back_inserter(found),
                     [&](const call_ptr& one) { return one->frame().id == id; });
    }
    if (found.empty()) return;
    for (const call_ptr& one : found) {
        one->cancel();
        withdraw(*one);
    }
    const std::lock_guard locked{mutex_};
    wake_all();  // who waits inside that method for its caller
}

void call_server::enqueue() {
    if (arrived_.empty()) return;
    lock locked{mutex_};
    enqueue(locked);
}

void call_server::enqueue(lock& locked) {
    std::vector<call_ptr> refused;
    for (call_ptr& one : arrived_) {
        if (!try_queue(one)) refused.push_back(std::move(one));
    }
    arrived_.clear();
    if (refused.empty()) return;
    locked.unlock();
    refuse_all(refused);
    refused.clear();
    locked.lock();
}

// A connection that does not rest, since a method waits for something of it, may go on calling.
bool call_server::try_queue(call_ptr& one) {
    served_line& from = line_of(*one);
    const bool is_pulse = one->is_pulse();
    const bool fits = is_pulse ? from.pulses < options_.pulses_per_client_max : !is_full(from, 2);
    if (!fits || queue_.calls() >= options_.queue_max) {
        ++(is_pulse ? counts_.pulses_dropped : counts_.refused);
        give_up_references(*one);
        return false;
    }
    from.enter(one);
    from.filled = is_full(from, 1);
    queue_.push({.call = std::move(one)});
    return true;
}

void call_server::refuse_all(const std::vector<call_ptr>& refused) {
    const std::string text =
        "too many calls wait; its queue_max is " + std::to_string(options_.queue_max);
    for (const call_ptr& one : refused) {
        refuse(*one, code::overloaded, text);
        one->drop_rest();
    }
}

}  // namespace signet::pattern
