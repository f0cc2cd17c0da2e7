// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/topic_subscriber.hpp>

#include <signet/os/poll.hpp>
#include <signet/transport/shm/plane_wait.hpp>

#include <algorithm>
#include <array>
#include <iterator>

namespace signet::transport::shm {

namespace {

bool contains(const std::vector<std::uint64_t>& all, std::uint64_t one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

}  // namespace

topic_subscriber::topic_subscriber(std::shared_ptr<link::control_plane> plane, std::string topic,
                                   const wire::type_descriptor* type,
                                   const subscriber_options& options, std::uint64_t id)
    : newest_only_{options.policy == delivery::latest},
      spinner_{options.waiting},
      silence_{options.message_due},
      plane_{std::move(plane)},
      topic_{std::move(topic)},
      self_{link::role::subscriber, plane_->id(), id},
      options_{options} {
    if (type != nullptr) type_ = *type;
    if (options_.held_max == 0 || options_.held_max > memory::held_max_limit) {
        throw error{errc::bad_option, "subscribe to topic", topic_,
                    "held_max is 1 to " + std::to_string(memory::held_max_limit)};
    }
    if (options_.interval_min.count() != 0 && !newest_only_) {
        throw error{errc::bad_option, "subscribe to topic", topic_,
                    "interval_min goes with delivery::latest: between two samples, messages are "
                    "passed over"};
    }
    plane_->add(*this);
}

topic_subscriber::~topic_subscriber() {
    plane_->remove(*this);
}

// ---- the receiving thread -----------------------------------------------------------------------

void topic_subscriber::absorb() {
    inbox news;
    {
        const std::lock_guard locked{inbox_mutex_};
        news_.store(false, std::memory_order_relaxed);  // relaxed: under the mutex that orders it
        std::swap(news, inbox_);
        keep_all_but_first(news.failures);
    }
    for (auto& arrival : news.arrivals) add_source(std::move(arrival));
    for (const auto& known : sources_) {
        if (contains(news.ended, known->publisher)) known->ended = true;
        for (const cut_off& one : news.cut_off_from) {
            if (one.publisher != known->publisher) continue;
            known->cut_off = one.why;
            known->ended = true;
        }
        for (extent_arrival& more : news.extents) {
            if (more.publisher != known->publisher) continue;
            known->add_extent(std::move(more.memory), more.chunk_bytes, more.chunk_count);
        }
    }
    if (!news.failures.empty()) throw news.failures.front();
}

// Under the inbox's mutex.
void topic_subscriber::keep_all_but_first(std::deque<error>& failures) {
    if (failures.size() < 2) return;
    inbox_.failures.assign(std::next(failures.begin()), failures.end());
    news_.store(true, std::memory_order_relaxed);  // relaxed: this thread reads it next
}

void topic_subscriber::add_source(std::unique_ptr<source> arrival) {
    if (events_set_) {
        events_set_->add(arrival->data_event().get(),
                         os::interest::readable | os::interest::edge_triggered, 0);
    }
    sources_.push_back(std::move(arrival));
    ++sources_version_;
    note_only_bell();
}

void topic_subscriber::note_only_bell() {
    const std::lock_guard locked{inbox_mutex_};
    only_bell_ = sources_.size() == 1 ? &sources_.front()->data_bell : nullptr;
}

bool topic_subscriber::settle_rarity(source& from, memory::read_result result) {
    switch (result) {
        case memory::read_result::passed:
            // Who blocks is passed only by a publisher that gave it up; the word of it may be under
            // way.
            if (options_.policy == delivery::block && !from.cut_off) from.cut_off = eviction();
            if (from.cut_off) {
                retire_current();
            } else if (const std::uint64_t lost = from.reader.skip_passed(); lost != 0) {
                from.lost_untold += lost;
            } else {
                drop_broken(from);
            }
            break;
        case memory::read_result::full:
            throw contract_violation{"receive: all " + std::to_string(from.held) +
                                     " samples granted by the publisher are held; release one, or "
                                     "raise held_max of the subscriber"};
        case memory::read_result::broken: drop_broken(from); break;
        case memory::read_result::absent:
            if (!from.ended) return wait_for_extent(from);
            retire_current();  // it will never come
            break;
        case memory::read_result::empty:  // it ended, and is read out
            retire_current();
            break;
        case memory::read_result::message: break;
    }
    return !sources_.empty();
}

error topic_subscriber::eviction() const {
    return {errc::evicted, "receive from topic", shown(topic_),
            "its publisher waited for this subscriber for longer than it bears (stall_budget), or "
            "lost its link to it; read faster, or use delivery::drop_oldest"};
}

bool topic_subscriber::wait_for_extent(source& from) {
    // Its arrival is news, which ends a sleep. Until then there may be something from the others.
    from.report();
    next_turn();
    return true;
}

void topic_subscriber::note_hold(source& from) {
    from.reader.note_hold(from.reader.hazard_set(), nanoseconds_of(os::coarse_now()));
}

void topic_subscriber::finish_more(received_message& message) {
    source& from = *message.from;
    if (origin_) origin_->restore(message);
    if (message.view.time != 0) {
        const std::uint64_t now = nanoseconds_of(clock::now());
        from.reader.note_age(now - std::min(now, message.view.time));
    }
    if (options_.interval_min.count() != 0) next_sample_ = clock::now() + options_.interval_min;
}

void topic_subscriber::wait_until_time(const patience& limit) {
    const std::stop_callback stopper{limit.stop, [this] { post(); }};
    while (!is_time() && !over(limit) && clock::now() < limit.until) {
        const os::futex_waiter noticed = notice_.watch();
        if (over(limit)) return;
        wait_for_notice(*plane_, noticed, std::min(limit.until, next_sample_));
    }
}

void topic_subscriber::retire_current() {
    auto done = std::move(sources_[turn_]);
    sources_.erase(sources_.begin() + static_cast<std::ptrdiff_t>(turn_));
    ++sources_version_;
    if (turn_ >= sources_.size()) turn_ = 0;
    note_only_bell();
    {
        const std::lock_guard locked{inbox_mutex_};
        past_.received += done->reader.received();
        past_.lost += done->reader.lost();
        past_.skipped += done->reader.skipped();
        std::erase_if(pages_,
                      [&](const auto& known) { return known.publisher == done->publisher; });
    }
    if (events_set_) events_set_->remove(done->data_event().get());
    const std::optional<error> why = done->cut_off;
    if (done->held == 0) {
        let_go(*done);
    } else {
        done->abandon();
        ended_in_use_.push_back(std::move(done));
    }
    if (why) throw *why;
}

void topic_subscriber::let_go(source& from) noexcept {
    if (!from.cut_off) return;  // its publisher is gone, or was told already
    const auto locked = plane_->lock();
    if (const auto joined = joins_.find(from.publisher); joined != joins_.end()) {
        plane_->send(*joined->second.peer, leave_frame(from.publisher));
    }
}

bool topic_subscriber::holds(std::uint64_t publisher) const {
    const auto held = [&](const auto& known) {
        return known->publisher == publisher && known->held != 0;
    };
    return std::any_of(sources_.begin(), sources_.end(), held) ||
           std::any_of(ended_in_use_.begin(), ended_in_use_.end(), held);
}

void topic_subscriber::retire(std::shared_ptr<topic_subscriber> self) {
    if (!made_here_.still()) return;
    kept_ = std::move(self);
    const auto locked = plane_->lock();
    retired_ = true;
    for (const auto& known : sources_) {
        if (known->held != 0) known->abandon();
    }
    std::erase_if(joins_, [&](const auto& join) {
        if (holds(join.first)) return false;
        plane_->send(*join.second.peer, leave_frame(join.first));
        return true;
    });
}

void topic_subscriber::drop_broken(source& from) {
    const std::string reason = "it wrote what no correct publisher writes; it was dropped";
    events_.add(topic_event::kind::refused, from.identity, from.publisher, reason);
    {
        const auto locked = plane_->lock();
        if (const auto joined = joins_.find(from.publisher); joined != joins_.end()) {
            plane_->send(*joined->second.peer, leave_frame(from.publisher));
            joins_.erase(joined);
        }
    }
    retire_current();
}

void topic_subscriber::released_last_of(source& from) noexcept {
    std::erase_if(ended_in_use_, [&](const auto& known) {
        if (known.get() != &from) return false;
        let_go(from);
        return true;
    });
    if (holds_any()) return;
    const auto last = std::move(kept_);  // ends this
}

bool topic_subscriber::holds_any() const noexcept {
    const auto held = [](const auto& known) { return known->held != 0; };
    return !ended_in_use_.empty() || std::any_of(sources_.begin(), sources_.end(), held);
}

bool topic_subscriber::prepare_sleep() {
    words_.clear();
    const bool by_events = plane_->manual() || sources_.size() >= os::futex_waiters_max;
    if (by_events) {
        words_.push_back(notice_.watch());
        fd();
        settle_events();
    } else {
        arm(words_);
    }
    return by_events;
}

void topic_subscriber::arm(std::vector<os::futex_waiter>& words) {
    words.push_back(notice_.watch());
    for (const auto& known : sources_) words.push_back(known->data_bell.arm());
}

void topic_subscriber::settle() {
    fd();
    settle_events();
    if (anything_there()) news_event_->signal();
}

void topic_subscriber::sleep_now(bool by_events, deadline until) {
    spinner_.learn_from([&] {
        if (words_.size() == 2) {
            // The most frequent case, and a tenth cheaper than a wait for two words: post() rings
            // the only bell too.
            os::futex_wait(*words_[1].word, words_[1].expected, until);
        } else if (!by_events) {
            os::futex_wait_any(words_, until);
        } else if (plane_->manual()) {
            sleep_in_plane(*plane_, fd(), words_.front(), until);
        } else {
            os::wait_readable(fd(), until);
        }
    });
}

int topic_subscriber::fd() {
    check_process();
    const std::lock_guard locked{inbox_mutex_};
    if (events_set_) return events_set_->fd();
    news_event_.emplace();
    events_set_.emplace();
    events_set_->add(news_event_->fd(), os::interest::readable | os::interest::edge_triggered, 0);
    for (const auto& known : sources_) {
        events_set_->add(known->data_event().get(),
                         os::interest::readable | os::interest::edge_triggered, 0);
    }
    news_event_->signal();  // readable until the first receive finds nothing
    return events_set_->fd();
}

void topic_subscriber::settle_events() {
    // The events are edges: to take them makes fd() unreadable until the next one. What came before
    // the bells are armed is found by the look that follows.
    std::array<os::ready, os::epoll::ready_max> taken;
    while (events_set_->wait(taken, deadline::min()).size() == taken.size()) {
    }
    for (const auto& known : sources_) known->data_bell.arm_event();
}

subscriber_counts topic_subscriber::counts() const noexcept {
    subscriber_counts all = past_;
    all.publishers = sources_.size();
    for (const auto& known : sources_) {
        all.received += known->reader.received();
        all.lost += known->reader.lost();
        all.skipped += known->reader.skipped();
    }
    return all;
}

std::vector<publisher_status> topic_subscriber::statuses() const {
    std::vector<publisher_status> all;
    for (const auto& known : sources_) {
        const memory::ring_reader& reader = known->reader;
        const std::uint64_t published = reader.published();
        all.push_back({.endpoint = known->publisher,
                       .pid = known->identity.pid,
                       .command = known->identity.command,
                       .received = reader.received(),
                       .lost = reader.lost(),
                       .skipped = reader.skipped(),
                       .lag = published - std::min(published, reader.position())});
    }
    return all;
}

// ---- any thread ---------------------------------------------------------------------------------

void topic_subscriber::post() {
    {
        const std::lock_guard locked{inbox_mutex_};
        if (events_set_) news_event_->signal();
        if (only_bell_ != nullptr) only_bell_->nudge();
    }
    notice_.post();
}

}  // namespace signet::transport::shm
