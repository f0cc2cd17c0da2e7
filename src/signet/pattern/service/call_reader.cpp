// SPDX-License-Identifier: Apache-2.0
// The reader's part of a server: from connections to the queue.
#include <signet/base/error.hpp>
#include <signet/pattern/service/call_codes.hpp>
#include <signet/pattern/service/call_server.hpp>
#include <signet/transport/channel_watch.hpp>
#include <signet/wire/arguments.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace signet::pattern {
namespace {

using transport::direction;
using transport::flow;
using transport::patience;

/// Frames taken of one connection before others have their turn.
constexpr std::size_t frames_at_once = 64;

/// How long no connections are accepted where there are no descriptors left for them.
constexpr std::chrono::milliseconds shortage_pause{100};

}  // namespace

void call_server::add(std::shared_ptr<transport::channel_listener> listener, rpc_framing frames) {
    const auto key = set_.add(transport::watch_listener(listener));
    doors_.push_back({std::move(listener), frames, key});
}

void call_server::add(std::unique_ptr<transport::channel_end> end, rpc_framing frames) {
    admit(std::move(end), frames);
}

// ---- a turn -------------------------------------------------------------------------------------

void call_server::read(lock& locked, const patience& limit) {
    reading_ = true;
    std::vector<line_ptr> resumed = std::exchange(resumed_, {});
    locked.unlock();
    try {
        take_turn(resumed, limit);
    } catch (...) {
        locked.lock();
        reading_ = false;
        wake_one();
        throw;
    }
    enqueue();
    locked.lock();
    reading_ = false;
    if (!queue_.empty() || attended_ != 0) wake_one();
}

void call_server::take_turn(std::vector<line_ptr>& resumed, const patience& limit) {
    for (const line_ptr& line : resumed) look_at(line);
    patience wait = has_work() ? patience::none() : limit;
    if (doors_again_) {
        wait.until = std::min(wait.until, *doors_again_);
        if (clock::now() >= *doors_again_) open_doors(true);
    }
    for (const transport::wait_key key : set_.wait(wait)) look_at(key);
}

bool call_server::has_work() const {
    const std::lock_guard locked{mutex_};
    return !arrived_.empty() || !queue_.empty() || !resumed_.empty();
}

void call_server::look_at(transport::wait_key key) {
    const auto found = lines_.find(key);
    if (found != lines_.end())
        return look_at(line_ptr{found->second});  // a copy: it may be dropped
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
            admit(std::move(end), from.frames);
        }
        open_doors(false);  // until somebody leaves
    } catch (const error&) {
        open_doors(false);
        doors_again_ = after(shortage_pause);
    }
}

void call_server::admit(std::unique_ptr<transport::channel_end> end, rpc_framing frames) {
    const auto line = std::make_shared<served_line>(
        std::make_unique<rpc_line>(std::move(end), frames, options_.message_bytes_max));
    line->key = set_.add(line->line->watch(direction::receiving));
    lines_.emplace(line->key, line);
    const std::lock_guard locked{mutex_};
    ++counts_.clients;
}

void call_server::open_doors(bool wanted) {
    for (const door& one : doors_) set_.enable(one.key, wanted);
    doors_again_.reset();
}

void call_server::drop(const line_ptr& line) {
    await_room(line, false);
    set_.remove(line->key);
    lines_.erase(line->key);
    std::vector<call_ptr> calls;
    {
        const std::lock_guard locked{mutex_};
        line->over = true;
        calls = line->calls;
        --counts_.clients;
    }
    std::erase_if(arrived_, [&](const call_ptr& one) { return &one->from() == line.get(); });
    for (const call_ptr& one : calls) one->cancel();
    open_doors(true);
}

void call_server::look_at(const line_ptr& line) {
    if (!lines_.contains(line->key)) return;  // it was dropped meanwhile
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
    const std::lock_guard locked{mutex_};
    const bool rest = keeps || line->calls.size() >= options_.calls_per_client_max;
    if (rest != line->resting) set_.enable(line->key, !rest);
    line->resting = rest;
    return rest;
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
    frame_bytes frame;
    for (std::size_t taken = 0; taken < frames_at_once; ++taken) {
        if (!line->line->take_read(frame)) {
            // What the kernel has it tells us again; asking it now would be a call for nothing.
            if (taken != 0 && !line->line->end().holds_read()) return set_.settle(line->key);
            const flow became = line->line->receive(frame, patience::none());
            if (became == flow::ended) return drop(line);
            if (became == flow::timed_out) return set_.settle(line->key);
        }
        take_frame(line, frame);
    }
    enqueue();
    const std::lock_guard locked{mutex_};
    resumed_.push_back(line);  // there may be more, which nobody else knows of
}

// ---- frames -------------------------------------------------------------------------------------

void call_server::take_frame(const line_ptr& line, frame_bytes bytes) {
    auto call = std::make_shared<incoming_call>(line, bytes);
    if (call->frame().kind == wire::rpc_kind::response) return;  // we asked for nothing
    if (call->frame().method.starts_with(reserved_names)) return take_reserved(line, *call);
    arrived_.push_back(std::move(call));
}

void call_server::take_reserved(const line_ptr& line, const incoming_call& call) {
    if (call.frame().method == cancel_method) return cancel(line, call.frame());
    if (!call.wants_reply()) return;
    if (call.frame().method != hello_method) {
        return refuse(call, code::unknown_method, "this server knows of no such extension");
    }
    std::vector<std::byte> reply;
    wire::put_result_head(reply, call.frame().id);
    wire::append_value(reply, rpc_version);
    const std::array<frame_bytes, 1> parts{frame_bytes{reply}};
    post(*line, parts, false);
}

void call_server::cancel(const line_ptr& line, const wire::rpc_frame& which) {
    std::uint32_t id = 0;
    wire::value_reader from{which.body, which.arguments};
    if (!from.take(id)) return;
    enqueue();  // it may be among those that have just arrived
    std::vector<call_ptr> found;
    {
        const std::lock_guard locked{mutex_};
        std::copy_if(line->calls.begin(), line->calls.end(), std::back_inserter(found),
                     [&](const call_ptr& one) { return one->frame().id == id; });
    }
    for (const call_ptr& one : found) one->cancel();
}

void call_server::enqueue() {
    if (arrived_.empty()) return;
    std::vector<call_ptr> refused;
    {
        const std::lock_guard locked{mutex_};
        for (call_ptr& one : arrived_) {
            if (queue_.size() < options_.queue_max) {
                one->from().calls.push_back(one);
                queue_.push_back(std::move(one));
            } else {
                refused.push_back(std::move(one));
            }
        }
        counts_.refused += refused.size();
    }
    arrived_.clear();
    const std::string text = "its queue of " + std::to_string(options_.queue_max) + " is full";
    for (const call_ptr& one : refused) refuse(*one, code::overloaded, text);
}

}  // namespace signet::pattern
