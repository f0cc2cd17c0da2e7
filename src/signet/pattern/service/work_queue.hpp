// SPDX-License-Identifier: Apache-2.0
// What the threads of a server have to do: calls to run, and streams to write. The more urgent
// ones first, and among equals who came first. (Who may call himself urgent: server_options.)
//
// Thread safety: under the mutex of the server.
#pragma once

#include <signet/pattern/service/call_stream.hpp>
#include <signet/pattern/service/incoming_call.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <utility>

namespace signet::pattern {

/// One of the two.
struct piece_of_work {
    std::shared_ptr<incoming_call> call{};
    std::shared_ptr<outgoing_stream> stream{};

    std::uint8_t priority() const noexcept { return call ? call->priority() : 0; }
};

class work_queue {
public:
    void push(piece_of_work&& what) {
        if (size_ == 0) return begin_with(std::move(what));
        std::deque<piece_of_work>& equals = equals_of(what);
        equals.push_back(std::move(what));
    }

    /// In front of its equals.
    void push_first(piece_of_work&& what) {
        if (size_ == 0) return begin_with(std::move(what));
        std::deque<piece_of_work>& equals = equals_of(what);
        equals.push_front(std::move(what));
    }

    piece_of_work pop() {
        if (only_) return take_only();
        const bool usual = urgent_.empty();
        std::deque<piece_of_work>& first = usual ? usual_ : urgent_.begin()->second;
        piece_of_work next = std::move(first.front());
        first.pop_front();
        if (!usual && first.empty()) urgent_.erase(urgent_.begin());
        --size_;
        if (next.call) --calls_;
        return next;
    }

    /// What pop() would give.
    const piece_of_work& front() const {
        if (only_) return first_;
        return urgent_.empty() ? usual_.front() : urgent_.begin()->second.front();
    }

    /// Takes out the calls that came on that connection; not those that nobody waits for.
    std::size_t remove_calls_of(const call_session& from) {
        const auto is_its = [&](const piece_of_work& one) {
            return one.call && one.call->wants_reply() && &one.call->from() == &from;
        };
        put_in_line();
        std::size_t removed = std::erase_if(usual_, is_its);
        for (auto& [priority, equals] : urgent_) removed += std::erase_if(equals, is_its);
        std::erase_if(urgent_, [](const auto& one) { return one.second.empty(); });
        size_ -= removed;
        calls_ -= removed;
        return removed;
    }

    std::size_t size() const noexcept { return size_; }
    std::size_t calls() const noexcept { return calls_; }
    bool empty() const noexcept { return size_ == 0; }

private:
    /// Of one that is put there.
    std::deque<piece_of_work>& equals_of(const piece_of_work& what) {
        put_in_line();
        ++size_;
        if (what.call) ++calls_;
        return line_of(what);
    }
    std::deque<piece_of_work>& line_of(const piece_of_work& what) {
        return what.priority() == 0 ? usual_ : urgent_[what.priority()];
    }

    // Where nothing else waits there is no line to stand in.
    void begin_with(piece_of_work&& what) noexcept {
        size_ = 1;
        calls_ = what.call ? 1 : 0;
        first_ = std::move(what);
        only_ = true;
    }
    piece_of_work take_only() noexcept {
        size_ = calls_ = 0;
        only_ = false;
        return std::move(first_);
    }
    void put_in_line() {
        if (!only_) return;
        line_of(first_).push_back(std::move(first_));
        only_ = false;
    }

    bool only_ = false;  ///< there is one piece of work, which is `first_`, and none stands in line
    piece_of_work first_;
    std::deque<piece_of_work> usual_;  ///< of priority 0
    std::map<std::uint8_t, std::deque<piece_of_work>, std::greater<>> urgent_;
    std::size_t size_ = 0;
    std::size_t calls_ = 0;
};

}  // namespace signet::pattern
