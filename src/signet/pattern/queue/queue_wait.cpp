// SPDX-License-Identifier: Apache-2.0
// How a queue is waited for: Z1 to Z8 of docs/design/queues.md.
#include <signet/pattern/queue/queue_core.hpp>

#include <signet/life/waiting.hpp>
#include <signet/pattern/queue/queue_parts.hpp>

#include <algorithm>
#include <mutex>

namespace signet::pattern {
namespace {

/// What a handle has learned of how long its waits last, for one of them: threads wait side by
/// side.
class lent_spinner {
public:
    lent_spinner(life::short_lock& turn, life::spinner& learned)
        : turn_{turn}, learned_{learned}, own_{copy()} {}
    lent_spinner(const lent_spinner&) = delete;
    lent_spinner& operator=(const lent_spinner&) = delete;
    ~lent_spinner() {
        const std::lock_guard locked{turn_};
        learned_ = own_;
    }

    life::spinner& operator*() noexcept { return own_; }

private:
    life::spinner copy() const {
        const std::lock_guard locked{turn_};
        return learned_;
    }

    life::short_lock& turn_;
    life::spinner& learned_;
    life::spinner own_;
};

/// Looks for a while, and sleeps, until there is something, or the patience ends. `look` says
/// whether; `look_hard` trusts no hint, and may say when to look again in any case.
template <class Look, class LookHard>
wait_outcome wait(memory::queue_bell& bell, life::spinner& spinner, const sync::patience& limit,
                  Look&& look, LookHard&& look_hard) {
    for (;;) {
        if (spinner.spin_by_calls(look, limit.until)) return wait_outcome::woken;
        const std::uint32_t rings = bell.rings.load(std::memory_order_seq_cst);  // Z1. SYNC rings
        memory::doze(bell);                                                      // Z2
        deadline until = limit.until;
        if (look_hard(until)) return wait_outcome::woken;  // Z3
        if (limit.stop.stop_requested()) return wait_outcome::stopped;
        if (limit.until != never && clock::now() >= limit.until) return wait_outcome::timed_out;
        sync::sleeper waiting{{until, limit.stop}};
        spinner.learn_from([&] { waiting.sleep(bell.rings, rings); });  // Z4
    }
}

}  // namespace

wait_outcome queue_core::wait_for_message(const sync::patience& limit) {
    parts& my = *parts_;
    my.check_process();
    my.require_reader();
    const auto sees_any = [&] {
        bool any = false;
        bool freed = false;
        {
            const std::lock_guard turn{my.popping};
            any = my.reader.sees_any();
            freed = my.reader.freed() != 0;
        }
        if (freed) my.ring_room();
        return any;
    };
    lent_spinner spinner{my.popping, my.spins_for_work};
    return wait(my.words.header().work, *spinner, limit, sees_any, [&](deadline& until) {
        my.take_back_orphans();
        const std::lock_guard turn{my.popping};
        my.reader.forget();
        if (my.reader.sees_any()) return true;
        const std::uint64_t due_ns = my.reader.next_due_ns();
        const clock::time_point due{std::chrono::nanoseconds{static_cast<std::int64_t>(due_ns)}};
        if (due_ns != 0) until = std::min(until, due);
        return false;
    });
}

wait_outcome queue_core::wait_for_room(std::uint64_t bytes, const queue_terms& terms,
                                       const sync::patience& limit) {
    parts& my = *parts_;
    my.check_process();
    my.check_size(bytes);
    const memory::record_facts facts = my.facts_of(terms);
    my.tell_finished(*this);
    const auto has_room = [&] {
        my.check_reader();
        if (terms.id && my.ids.is_pending(*terms.id, queue_now())) return false;
        const std::lock_guard turn{my.pushing};
        return my.lane(terms.priority).make_room(bytes, facts);
    };
    lent_spinner spinner{my.pushing, my.spins_for_room};
    return wait(my.words.header().room, *spinner, limit, has_room, [&](deadline&) {
        return has_room() || (finish_expired() && has_room()) || (my.move_in_turn() && has_room());
    });
}

int queue_core::fd() {
    parts& my = *parts_;
    my.check_process();
    my.require_reader();
    const std::lock_guard turn{my.readying};
    if (!my.ready) {
        my.ready = std::make_unique<queue_ready>([this](const std::stop_token& stop) {
            wait_for_message({.until = never, .stop = stop});
            // It takes nothing: it may have been woken in place of somebody who would.
            parts_->ring_work();
        });
        my.telling.store(my.ready.get(), std::memory_order_release);  // SYNC telling
    }
    return my.ready->fd();
}

}  // namespace signet::pattern
