// SPDX-License-Identifier: Apache-2.0
// The receiving end of a topic in shared memory, untyped: it joins every publisher of its name, or
// of the names its pattern stands for, now and later, and reads their rings in turn. The protocol:
// docs/design/topic-ring.md.
//
// Thread safety: receiving belongs to one thread at a time; events may be taken from any thread.
// Everything a publisher wrote is checked; one that breaks the rules is dropped, and an event says
// so.
#pragma once

#include <signet/base/error.hpp>
#include <signet/life/waiting.hpp>
#include <signet/link/control_plane.hpp>
#include <signet/os/coarse_clock.hpp>
#include <signet/os/epoll.hpp>
#include <signet/os/event.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/transport/shm/event_log.hpp>
#include <signet/transport/shm/heel_pause.hpp>
#include <signet/transport/shm/silence_watch.hpp>
#include <signet/transport/shm/source.hpp>
#include <signet/transport/topic.hpp>
#include <signet/wire/descriptor.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace signet::transport::shm {

/// A message, as it came out of a ring.
struct received_message {
    source* from = nullptr;
    memory::message_view view{};
    std::uint64_t lost_before = 0;  ///< messages of this publisher lost since the last one received
};

class topic_subscriber;

/// What messages and publishers were where they came from, if a relay of this process publishes
/// them anew. Its rings have times, so that nobody else pays for the question.
class provenance {
public:
    provenance() = default;
    virtual ~provenance() = default;
    provenance(const provenance&) = delete;
    provenance& operator=(const provenance&) = delete;

    /// What the user calls the topic, and the publisher that is `stand_in` here. Any thread.
    virtual const std::string& topic() const = 0;
    virtual std::uint64_t publisher(std::uint64_t stand_in) const = 0;

    /// Gives a message its number, its time and its losses. The receiving thread.
    virtual void restore(received_message& message) = 0;
};

/// A message that lies in place until it is released.
struct held_message {
    topic_subscriber* by = nullptr;  ///< none: there is nothing to release
    source* from = nullptr;
    std::uint32_t hold = 0;
};

/// What a subscriber counts.
struct subscriber_counts {
    std::uint64_t received = 0;
    std::uint64_t lost = 0;
    std::uint64_t skipped = 0;
    std::size_t publishers = 0;
};

class topic_subscriber final : public link::participant {
public:
    /// `topic` may be a pattern (base/topic_pattern.hpp). `type` null: takes messages of any type;
    /// the source says which.
    topic_subscriber(std::shared_ptr<link::control_plane> plane, std::string topic,
                     const wire::type_descriptor* type, const subscriber_options& options,
                     std::uint64_t id = link::make_id());
    ~topic_subscriber() override;

    topic_subscriber(const topic_subscriber&) = delete;
    topic_subscriber& operator=(const topic_subscriber&) = delete;

    /// Copies the next message, of exactly `Bytes` bytes that fit a slot, to `to`.
    template <std::size_t Bytes>
    bool try_copy(received_message& message, void* to) {
        return take_next(message, [&](source& from) {
            return from.reader.template try_copy<Bytes>(message.view, to);
        });
    }

    /// Opens the next message: small ones are copied to `buffer` (inline_bytes_limit bytes), large
    /// ones are held in place until release().
    bool try_open(received_message& message, void* buffer) {
        return take_next(message,
                         [&](source& from) { return from.reader.try_open(message.view, buffer); });
    }

    /// Opens the next message, of exactly `bytes` bytes, which must lie in a chunk.
    bool try_open_large(received_message& message, std::size_t bytes) {
        return take_next(message,
                         [&](source& from) { return from.reader.try_hold(message.view, bytes); });
    }

    /// For an endpoint whose publishers are stand-ins of a relay; before there is one.
    void restore_by(std::shared_ptr<provenance> origin) { origin_ = std::move(origin); }

    /// Has receive throw `why`, and tells of it as an event, as if a publisher had refused us. Any
    /// thread.
    void tell_refusal(const link::peer_identity& who, std::uint64_t publisher, const error& why) {
        fail(who, publisher, why);
    }

    /// Ends the hold of a message that lies in place.
    void release(const held_message& message) noexcept {
        if (!made_here_.still()) return;  // a forked child has no such page
        source& from = *message.from;
        from.reader.release(message.hold);
        if (from.reader.report_due()) from.report();
        if (--from.held == 0 && (kept_ || !ended_in_use_.empty())) released_last_of(from);
    }

    void release(const received_message& message) noexcept {
        release(held_message{this, message.from, message.view.hold});
    }

    /// Waits until `look`, one of the two above, finds a message. False: the patience ended, or
    /// everything stopped.
    template <class Look>
    bool wait_for(const patience& limit, Look&& look) {
        return look() || wait_slowly(limit, look);
    }

    /// One look for a user who watches fd(): when it finds nothing, fd() is not readable any more
    /// until something arrives.
    template <class Look>
    bool look_once(Look&& look) {
        if (look()) return true;
        if (!events_set_) return false;
        settle_events();
        const bool found = look();
        if (found) news_event_->signal();  // there may be more: fd() stays readable
        return found;
    }

    /// Readable when a message, an event or an end may be there; stays so until a receive found the
    /// rings empty. Made at the first call.
    int fd();

    // For a wait over several endpoints (subscriber_watch.hpp); the receiving thread's.

    /// Whether a receive would find a message, a loss, a newcomer, an end or an error. Takes
    /// nothing.
    bool anything_there() const {
        check_process();
        // relaxed: a hint, for absorb() looks again; its post() orders it for who sleeps
        if (news_.load(std::memory_order_relaxed)) return true;
        if (!is_time()) return false;
        return std::any_of(sources_.begin(), sources_.end(), [](const auto& known) {
            return known->ended || known->reader.anything_there();
        });
    }

    /// Arms all bells and adds the words to wait for; after this, look again.
    void arm(std::vector<os::futex_waiter>& words);

    /// Has fd() not be readable until the next change, unless something is there already.
    void settle();

    std::uint32_t notices() const noexcept { return notice_.watch().expected; }
    std::uint64_t sources_version() const noexcept { return sources_version_; }
    std::size_t words() const noexcept { return 1 + sources_.size(); }

    /// When the next sample may be received; never: it may be now.
    deadline next_sample() const { return is_time() ? never : next_sample_; }
    bool stopped() const noexcept { return plane_->stopped(); }
    bool retired() const noexcept { return retired_; }
    const std::shared_ptr<link::control_plane>& plane() const noexcept { return plane_; }

    /// The user's end is gone and only samples are left: joins nobody any more, leaves every
    /// publisher whose samples are not held, and holds none of the others back.
    /// The last of those samples ends `self` with it.
    void retire(std::shared_ptr<topic_subscriber> self);

    /// Whether the user holds samples in place.
    bool holds_any() const noexcept;

    /// What an event tells of is before the receiving thread when the event is: both come under
    /// the inbox's mutex.
    std::optional<topic_event> try_event() {
        const std::lock_guard locked{inbox_mutex_};
        return events_.try_take();
    }
    subscriber_counts counts() const noexcept;
    std::vector<publisher_status> statuses() const;
    std::uint64_t deadlines_missed() const noexcept {
        return deadlines_missed_.load(std::memory_order_relaxed);  // relaxed: a count, no order
    }
    std::uint64_t id() const noexcept { return self_.endpoint; }

    // link::participant
    const std::string& topic() const override { return topic_; }
    link::listing self() const override { return self_; }
    void found(link::peer& from, std::string_view topic, std::uint64_t endpoint) override;
    void received(link::peer& from, const wire::frame_reader& frame,
                  std::vector<os::descriptor> descriptors) override;
    void fell_short(link::peer& from, std::uint64_t publisher, const error& why) override;
    std::string topic_with(std::uint64_t publisher) const override;
    bool gone(link::peer& who, const link::departure& how) override;
    void dead(link::peer&) override {}  // what it had committed is read as long as it is mapped
    void declined(const link::peer& who, const link::refusal& why) override;
    void distrusted(const link::peer_identity& who, const std::string& reason) override;
    void farewell() override;
    void describe(wire::frame_writer& report) const override;
    std::vector<link::shown_page> pages() const override;
    void wake() override { post(); }
    deadline due() const override { return silence_.due(); }
    void check(clock::time_point now) override;

    static constexpr std::size_t inline_bytes_limit = memory::inline_bytes_limit;

private:
    /// A publisher we asked to let us join.
    struct join_request {
        link::peer* peer;
        std::string topic;
        std::shared_ptr<os::mapping> page;
        std::shared_ptr<const os::descriptor> file;  ///< of the page, for onlookers
        bool welcomed = false;
        std::uint64_t extents = 1;  ///< that it has given us; the first came with the welcome
    };

    /// The page of a publisher we read from, where the receiving thread counts.
    struct counted_page {
        std::uint64_t publisher;
        std::shared_ptr<const os::mapping> page;
        std::shared_ptr<const os::descriptor> file;
        std::uint32_t held_max;
        bool timed;
    };

    /// Chunks that a publisher made later.
    struct extent_arrival {
        std::uint64_t publisher;
        os::mapping memory;
        std::uint64_t chunk_bytes;
        std::uint64_t chunk_count;
    };

    /// A publisher that we cannot go on with, and why.
    struct cut_off {
        std::uint64_t publisher;
        error why;
    };

    /// What the control thread has for the receiving thread.
    struct inbox {
        std::vector<std::unique_ptr<source>> arrivals;
        std::vector<extent_arrival> extents;
        std::vector<std::uint64_t> ended;   ///< publishers that are gone
        std::vector<cut_off> cut_off_from;  ///< publishers that we cannot go on with
        std::deque<error> failures;         ///< to be thrown, one by each receive, oldest first
        std::vector<topic_event> events;    ///< that tell of the rest
    };

    template <class Read>
    [[gnu::always_inline]] bool take_next(received_message& message, Read&& read) {
        check_process();
        if (news_.load(std::memory_order_acquire)) absorb();  // SYNC news
        if (newest_only_ && !is_time()) [[unlikely]]
            return false;
        for (std::size_t looks = 2 * sources_.size(); looks != 0; --looks) {
            source& from = *sources_[turn_];
            if (newest_only_) [[unlikely]]
                from.reader.skip_to_newest();
            const memory::read_result result = read(from);
            if (result == memory::read_result::message) {
                finish(message, from);
                return true;
            }
            if (!settle(from, result)) return false;
        }
        return false;
    }

    void finish(received_message& message, source& from) {
        if (from.reader.report_due()) from.report();
        message.from = &from;
        message.lost_before = std::exchange(from.lost_untold, 0);
        ++run_;
        if (message.view.in_place != nullptr) {
            ++from.held;
            if (from.reader.hazard_set() != memory::ring_reader::no_hold) note_hold(from);
        }
        if (message.view.time != 0 || newest_only_) finish_more(message);
        next_turn();
    }

    static std::uint64_t nanoseconds_of(clock::time_point time) {
        return static_cast<std::uint64_t>(time.time_since_epoch().count());
    }

    /// Whether the shortest time between two samples is over.
    bool is_time() const {
        return next_sample_ == clock::time_point{} || clock::now() >= next_sample_;
    }

    void next_turn() noexcept { turn_ = turn_ + 1 < sources_.size() ? turn_ + 1 : 0; }

    /// Deals with a look that found no message; false: there is nothing more to look at.
    bool settle(source& from, memory::read_result result) {
        if (result != memory::read_result::empty || from.ended) return settle_rarity(from, result);
        from.report();
        next_turn();
        return true;
    }

    /// Apart from the look that finds something at once, which is what a stream consists of.
    template <class Look>
    [[gnu::noinline]] bool wait_slowly(const patience& limit, Look&& look) {
        bool found = false;
        if (limit.until != deadline::min()) heels_.pause(std::exchange(run_, 0));
        while (!found && limit.until != deadline::min() && !over(limit)) {
            if (newest_only_) wait_until_time(limit);
            spinner_.spin([&] { return (found = look()) || over(limit); }, limit.until);
            if (!found && !over(limit)) found = sleep(limit, look);
            if (!found && limit.until != never && clock::now() >= limit.until) break;
        }
        return found;
    }

    template <class Look>
    bool sleep(const patience& limit, Look&& look) {
        const std::stop_callback stopper{limit.stop, [this] { post(); }};
        const bool by_events = prepare_sleep();
        const std::uint64_t version = sources_version_;
        if (look()) return true;
        if (version == sources_version_ && !over(limit)) sleep_now(by_events, limit.until);
        return false;
    }

    void check_process() const {
        if (!made_here_.still()) plane_->check_process();
    }

    bool over(const patience& limit) const {
        return limit.stop.stop_requested() || plane_->stopped();
    }

    void note_hold(source& from);
    void finish_more(received_message& message);
    void wait_until_time(const patience& limit);
    bool settle_rarity(source& from, memory::read_result result);
    void absorb();
    void keep_all_but_first(std::deque<error>& failures);
    void add_source(std::unique_ptr<source> arrival);
    void note_only_bell();
    bool wait_for_extent(source& from);
    void drop_broken(source& from);
    void retire_current();
    void let_go(source& from) noexcept;
    void released_last_of(source& from) noexcept;
    bool prepare_sleep();
    void sleep_now(bool by_events, deadline until);
    void settle_events();
    void post();

    /// What the user calls it.
    const std::string& shown(const std::string& topic) const {
        return origin_ ? origin_->topic() : topic;
    }

    void process_welcome(join_request& request, link::peer& from, const wire::frame_reader& frame,
                         std::vector<os::descriptor> descriptors);
    void process_extent(const link::peer& from, std::uint64_t publisher, join_request& request,
                        const wire::frame_reader& frame, std::vector<os::descriptor> descriptors);
    void process_eviction(const link::peer_identity& who, const wire::frame_reader& frame);
    error eviction() const;
    void end(const link::peer_identity& who, std::uint64_t publisher, const link::departure& how);
    void fail(const link::peer_identity& who, std::uint64_t publisher, const error& why);
    bool is_event_only(const error& why) const;
    void hand_over(inbox news);
    void show_counts(counted_page page);
    subscriber_counts counts_for_onlookers() const;
    std::vector<std::byte> leave_frame(std::uint64_t publisher) const;
    bool holds(std::uint64_t publisher) const;

    // What each receive touches comes first.
    std::atomic<bool> news_{false};  ///< the inbox has something
    os::made_in_process made_here_;
    std::vector<std::unique_ptr<source>> sources_;
    std::size_t turn_ = 0;
    std::uint64_t sources_version_ = 0;  ///< changes whenever sources_ does
    std::uint64_t run_ = 0;              ///< messages received since the rings were found empty
    heel_pause heels_{16, 256};
    bool newest_only_;
    clock::time_point next_sample_{};  ///< no sample before; the epoch: at once

    life::spinner spinner_;
    life::notice notice_;
    subscriber_counts past_;  ///< of sources that are gone; written under inbox_mutex_
    std::vector<std::unique_ptr<source>> ended_in_use_;  ///< gone, but the user holds their samples
    std::vector<os::futex_waiter> words_;                ///< what the next sleep waits for
    std::optional<os::epoll> events_set_;                ///< of fd()
    std::optional<os::event> news_event_;                ///< in that set; signalled by post()

    mutable std::mutex inbox_mutex_;  // taken after the plane's lock, never before
    inbox inbox_;
    life::bell_sleeper* only_bell_ = nullptr;      // where there is one source: what post() rings
    std::vector<counted_page> pages_;              // for onlookers
    std::map<std::uint64_t, join_request> joins_;  // the control thread's, by publisher
    std::atomic<std::uint64_t> deadlines_missed_{0};
    bool retired_ = false;  // guarded by the plane's lock; changed by the receiving thread
    std::shared_ptr<topic_subscriber> kept_;  ///< ourselves, retired, for the sake of samples
    silence_watch silence_;                   // guarded by the plane's lock
    event_log events_;

    std::shared_ptr<link::control_plane> plane_;
    std::string topic_;
    link::listing self_;
    std::optional<wire::type_descriptor> type_;
    subscriber_options options_;
    std::shared_ptr<provenance> origin_;  ///< null: messages are what the ring says
};

/// The user's end of a subscriber, which its samples may outlive.
class subscriber_handle {
public:
    explicit subscriber_handle(std::shared_ptr<topic_subscriber> engine)
        : engine_{std::move(engine)} {}
    subscriber_handle(subscriber_handle&&) noexcept = default;
    subscriber_handle& operator=(subscriber_handle&& other) noexcept {
        std::swap(engine_, other.engine_);
        return *this;
    }
    ~subscriber_handle() {
        if (engine_ && engine_->holds_any()) engine_->retire(engine_);
    }

    topic_subscriber& operator*() const noexcept { return *engine_; }
    topic_subscriber* operator->() const noexcept { return engine_.get(); }
    const std::shared_ptr<topic_subscriber>& shared() const noexcept { return engine_; }

private:
    std::shared_ptr<topic_subscriber> engine_;
};

}  // namespace signet::transport::shm
