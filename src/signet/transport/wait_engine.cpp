// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/wait_engine.hpp>

#include <signet/base/error.hpp>
#include <signet/os/poll.hpp>

#include <algorithm>
#include <stop_token>
#include <utility>

namespace signet::transport {
namespace {

// What the epoll set calls its members: our own event, planes by their place, the rest by key.
constexpr std::uint64_t event_tag = 0;
constexpr std::uint64_t plane_bit = std::uint64_t{1} << 63;

// So many that are quiet are looked at all the same: those that were busy last.
constexpr std::size_t quiet_kept = 4;

// Who has had nothing for so many looks is looked at no more: they cost what it costs to be told.
constexpr std::uint32_t quiet_looks_max = 64;

// A spin looks at all of them once in so many turns; else only at who was ready last, which costs a
// third of it.
constexpr std::uint32_t turns_per_look = 4;

// In a spin the kernel is asked once in so many looks.
constexpr std::uint32_t looks_per_call = 512;

// A spin asks once in so many looks whether a context was stopped.
constexpr std::uint32_t looks_per_stop = 4;

// After so many all are looked at: a group that writes garbage on its board loses time only.
constexpr std::uint32_t looks_per_backstop = 1u << 24;

std::uint64_t tag_of(wait_key key) {
    return static_cast<std::uint64_t>(key);
}

}  // namespace

// ---- members ------------------------------------------------------------------------------------

wait_key wait_engine::add(std::unique_ptr<waitable> endpoint) {
    drop_gone();
    refuse_twin(*endpoint);
    const wait_key key{next_key_++};
    const void* const identity = endpoint->identity();
    if (endpoint->told_by_kernel()) {
        open_set();
        told_.add(key, std::move(endpoint), *set_);
    } else {
        if (auto plane = endpoint->plane(); plane && plane->manual()) drive(std::move(plane));
        members_.push_back({key, std::move(endpoint)});
    }
    identities_[identity] = key;
    return key;
}

// An endpoint that went may have left its identity to another one.
void wait_engine::refuse_twin(const waitable& endpoint) {
    if (identities_.size() >= identities_most_) drop_all_gone();
    const auto known = identities_.find(endpoint.identity());
    if (known == identities_.end() || !contains(known->second)) return;
    throw contract_violation{"wait for many: this endpoint is in the set already"};
}

wait_key wait_engine::add_descriptor(int fd, os::interest wanted) {
    open_set();
    const wait_key key{next_key_++};
    told_.add(key, fd, wanted, *set_);
    return key;
}

bool wait_engine::remove(wait_key which) {
    if (set_ && told_.contains(which)) return told_.remove(which, *set_);
    recall(which);
    drop_gone();
    member* const found = find(which);
    if (found == nullptr) return false;
    unwatch(*found);
    members_.erase(members_.begin() + (found - members_.data()));
    return true;
}

bool wait_engine::enable(wait_key which, bool wanted) {
    if (set_ && told_.enable(which, wanted, *set_)) return true;
    recall(which);
    if (wanted) drop_gone();
    member* const found = find(which);
    if (found == nullptr) return false;
    found->enabled = wanted;
    return true;
}

void wait_engine::drive(std::shared_ptr<link::control_plane> plane) {
    if (!plane->manual()) return;  // its own thread drives it
    if (std::find(planes_.begin(), planes_.end(), plane) != planes_.end()) return;
    open_set();
    set_->add(plane->fd(), os::interest::readable, plane_bit | planes_.size());
    planes_.push_back(std::move(plane));
}

bool wait_engine::stopped(wait_key which) const {
    const member* const found = find(which);
    return found != nullptr && found->endpoint->stopped();
}

bool wait_engine::any_stopped() const {
    return std::any_of(members_.begin(), members_.end(),
                       [](const member& m) { return m.enabled && m.endpoint->stopped(); });
}

wait_engine::member* wait_engine::find(wait_key which) {
    return const_cast<member*>(std::as_const(*this).find(which));
}

const wait_engine::member* wait_engine::find(wait_key which) const {
    const auto at = std::lower_bound(members_.begin(), members_.end(), which,
                                     [](const member& m, wait_key k) { return m.key < k; });
    return at != members_.end() && at->key == which ? &*at : nullptr;
}

void wait_engine::drop_gone() {
    const auto gone = [](const member& m) { return m.endpoint->gone(); };
    const auto watched = [&](const member& m) { return gone(m) && m.fd >= 0; };
    if (std::any_of(members_.begin(), members_.end(), watched)) drop_set();
    std::erase_if(members_, gone);
}

/// Each as rarely as its number has doubled, so that it costs an add no more than a few steps.
void wait_engine::drop_all_gone() {
    drop_gone();
    told_.drop_gone();
    std::erase_if(identities_, [&](const auto& one) { return !contains(one.second); });
    identities_most_ = 2 * identities_.size() + 16;
}

void wait_engine::drop_set() {
    // Of a descriptor that was closed the set cannot be told, and a forked child may keep it alive.
    if (!set_) return;
    told_.leave_set();
    set_.reset();
    crowd_.for_each([](member& one) { one.fd = one.board_fd = -1; });
    open_set();
    for (std::size_t i = 0; i < planes_.size(); ++i) {
        set_->add(planes_[i]->fd(), os::interest::readable, plane_bit | i);
    }
    for (member& one : members_) one.fd = one.board_fd = -1;
    told_.enter_set(*set_);
}

void wait_engine::open_set() {
    if (set_) return;
    set_.emplace();
    set_->add(event_.fd(), os::interest::readable, event_tag);
    crowd_.for_each([this](member& one) { watch_board(one); });
}

void wait_engine::watch(member& one) {
    if (one.fd >= 0) return;
    const int fd = one.endpoint->fd();
    if (fd < 0) return;
    set_->add(fd, os::interest::readable, tag_of(one.key));
    one.fd = fd;
}

void wait_engine::watch_board(member& one) {
    if (!set_ || one.board_fd >= 0) return;
    const int fd = one.endpoint->board_fd();
    set_->add(fd, os::interest::readable | os::interest::edge_triggered, tag_of(one.key));
    one.board_fd = fd;
}

void wait_engine::unwatch(member& one) {
    leave_set(one.fd);
    leave_set(one.board_fd);
}

void wait_engine::leave_set(int& fd) {
    if (fd < 0) return;
    try {
        set_->remove(std::exchange(fd, -1));
    } catch (const error&) {
        // The user closed it: it is not in the set any more.
    }
}

// ---- those that are not looked at ---------------------------------------------------------------

/// False: it is not in the crowd.
bool wait_engine::recall(wait_key which) {
    auto one = crowd_.give(which);
    if (one) put_back(std::move(*one));
    return one.has_value();
}

void wait_engine::recall_all() {
    looks_ = 0;
    for (member& one : crowd_.give_all()) put_back(std::move(one));
}

void wait_engine::recall_marked() {
    if (++looks_ == looks_per_backstop) return recall_all();
    if (crowd_.any_marked()) crowd_.give_marked([this](member one) { put_back(std::move(one)); });
}

void wait_engine::put_back(member one) {
    const auto at = std::upper_bound(members_.begin(), members_.end(), one.key,
                                     [](wait_key k, const member& m) { return k < m.key; });
    members_.insert(at, std::move(one));
}

bool wait_engine::joins_crowd(member& one) try {
    one.quiet = 0;
    if (!one.enabled || one.endpoint->board_fd() < 0) return false;
    watch_board(one);
    return crowd_.try_take(one);
} catch (const error&) {
    return false;  // the system has no room for one more watch: it goes on being looked at
}

/// Has those be told of by a mark that found nothing in so many looks, as far as there are more
/// than are kept.
void wait_engine::send_away(std::size_t kept, std::uint32_t quiet_looks) {
    std::size_t left = members_.size();
    if (left <= kept) return;
    std::erase_if(members_, [&](member& one) {
        const bool goes = left > kept && one.quiet >= quiet_looks && joins_crowd(one);
        left -= goes ? 1 : 0;
        return goes;
    });
}

// ---- waiting ------------------------------------------------------------------------------------

std::span<const wait_key> wait_engine::wait(const patience& limit) {
    drop_gone();
    ready_.clear();
    bool found = look_first(limit);
    while (!found && !ended(limit) && (limit.until == never || clock::now() < limit.until)) {
        if (!spin(found, limit)) found = sleep(limit);
    }
    if (!found) woken_.exchange(false, std::memory_order_acquire);  // SYNC wake-many
    return ready_;
}

/// A wait that may go on leaves descriptors for glances and sleeps: they have their turn there.
bool wait_engine::look_first(const patience& limit) {
    if (sleeps_at_once(limit)) return sleep_in_set(limit);
    return spins() && limit.until != deadline::min() ? glance() : look_everywhere();
}

/// Whether something was found, or ended the wait; as long as that is worth it.
bool wait_engine::spin(bool& found, const patience& limit) {
    if (spins()) {
        std::uint32_t turn = 0;
        const auto glances = [&] {
            if (++turn % turns_per_look != 0) return found = glance_at_last();
            return (found = glance()) || ended_amid_looks(limit);
        };
        return spinner_.spin(glances, until_of(limit));
    }
    if (!spinner_.asks_kernel()) return false;
    const auto looks = [&] { return (found = look_everywhere()) || ended(limit); };
    return spinner_.spin_by_calls(looks, until_of(limit));
}

bool wait_engine::asks_kernel() const {
    return told_.any_enabled() || !planes_.empty();
}

bool wait_engine::sleeps_at_once(const patience& limit) const {
    if (spinner_.asks_kernel()) return false;
    if (!members_.empty() || !crowd_.empty() || told_.any_noted() || ended(limit)) return false;
    return limit.until == never || clock::now() < limit.until;
}

/// Descriptors have their turn even where an endpoint is always ready.
bool wait_engine::look_everywhere() {
    if (asks_kernel()) wait_in_set(deadline::min());
    return look();
}

/// Who spins for ever still hears of descriptors.
bool wait_engine::glance() {
    if (looks_ % looks_per_call == 0 && asks_kernel()) wait_in_set(deadline::min());
    return look();
}

/// At who was ready last alone; it is no quieter for that than the others.
bool wait_engine::glance_at_last() {
    if (last_ >= members_.size() || !is_ready(members_[last_])) return false;
    ready_.assign(1, members_[last_].key);
    return true;
}

bool wait_engine::look() {
    recall_marked();
    ready_.clear();
    const std::size_t count = members_.size();
    if (turn_ >= count) turn_ = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = turn_ + i < count ? turn_ + i : turn_ + i - count;
        ++members_[at].quiet;
        if (!is_ready(members_[at])) continue;
        ready_.push_back(members_[at].key);
        last_ = at;
    }
    if (!ready_.empty()) ++turn_;
    if (count > quiet_kept) send_away(quiet_kept, quiet_looks_max);
    if (told_.any_noted()) told_.collect(ready_);
    return !ready_.empty();
}

bool wait_engine::is_ready(member& one) {
    if (!one.enabled || !one.endpoint->ready()) return false;
    one.quiet = 0;
    one.endpoint->touched();
    return true;
}

bool wait_engine::spins() const {
    if (!crowd_.empty()) return true;
    return std::any_of(members_.begin(), members_.end(),
                       [](const member& m) { return m.enabled && m.endpoint->words() != 0; });
}

bool wait_engine::ended(const patience& limit) const {
    return woken_.load(std::memory_order_acquire) ||  // SYNC wake-many
           limit.stop.stop_requested() || any_stopped();
}

bool wait_engine::ended_amid_looks(const patience& limit) const {
    if (looks_ % looks_per_stop == 0) return ended(limit);
    return woken_.load(std::memory_order_acquire) ||  // SYNC wake-many
           limit.stop.stop_requested();
}

deadline wait_engine::until_of(const patience& limit) const {
    deadline until = limit.until;
    for (const member& one : members_) {
        if (one.enabled) until = std::min(until, one.endpoint->due());
    }
    return until;
}

void wait_engine::wake() {
    woken_.store(true, std::memory_order_release);  // SYNC wake-many
    post();
}

void wait_engine::post() {
    event_.signal();
    notice_.post();
}

// ---- sleeping -----------------------------------------------------------------------------------

bool wait_engine::sleep(const patience& limit) {
    const std::stop_callback stopper{limit.stop, [this] { post(); }};
    // To arm one for the crowd costs no more than for one sleep, and lasts.
    send_away(asks_kernel() ? 0 : quiet_kept, 1);
    const bool by_words = !asks_kernel() && fits_words();
    by_words ? arm_words() : arm_descriptors();
    // Who is recalled now has no armed bell, be there something or not.
    const bool recalls = crowd_.any_marked();
    bool found = look();
    if (!found && !recalls && !ended(limit)) {
        spinner_.learn_from([&] { sleep_until(until_of(limit), by_words); });
        found = look();
    }
    disarm();
    return found;
}

/// Where only the kernel knows, the sleep is the look, and one call for both is enough.
bool wait_engine::sleep_in_set(const patience& limit) {
    open_set();
    const std::stop_callback stopper{limit.stop, [this] { post(); }};
    spinner_.learn_from([&] { wait_in_set(limit.until); });
    told_.collect(ready_);
    return !ready_.empty();
}

/// After the backstop no bell is believed to be armed.
void wait_engine::sleep_until(deadline until, bool by_words) {
    const deadline backstop = after(life::backstop);
    until = std::min(until, backstop);
    const bool told = by_words ? os::futex_wait_any(words_, until) != os::futex_result::timed_out
                               : wait_in_set(until);
    if (!told && clock::now() >= backstop) recall_all();
}

bool wait_engine::fits_words() const {
    std::size_t count = crowd_.empty() ? 1 : 2;
    for (const member& one : members_) {
        if (one.enabled) count += one.endpoint->words();
    }
    return count <= os::futex_waiters_max;
}

void wait_engine::arm_words() {
    words_.assign(1, notice_.watch());
    if (!crowd_.empty()) words_.push_back(crowd_.arm());
    for (member& one : members_) {
        if (one.enabled) one.endpoint->arm(words_);
    }
}

void wait_engine::arm_descriptors() {
    open_set();
    if (!crowd_.empty()) crowd_.arm_fd();
    for (member& one : members_) {
        if (!one.enabled) continue;
        watch(one);
        one.endpoint->arm_fd();
    }
}

/// False: nothing in it was ready.
bool wait_engine::wait_in_set(deadline until) {
    const auto found = set_->wait(found_, until);
    // A plane that is driven by hand has nobody to ring the backstop.
    if (found.empty()) touch_all();
    take(found);
    return !found.empty();
}

/// After the backstop no bell is believed to be armed.
void wait_engine::touch_all() {
    for (member& one : members_) one.endpoint->touched();
}

void wait_engine::take(std::span<const os::ready> found) {
    bool stray = false;
    for (const os::ready& one : found) {
        if (one.tag == event_tag) {
            event_.drain();  // nobody else reads it; what it was about is looked at after this
        } else if ((one.tag & plane_bit) != 0) {
            planes_[one.tag & ~plane_bit]->poll(clock::now());
        } else if (member* const known = find(wait_key{one.tag})) {
            note(*known);
        } else if (!recall(wait_key{one.tag}) && !told_.report(wait_key{one.tag}, *set_)) {
            stray = true;
        }
    }
    if (stray) drop_set();
}

void wait_engine::note(member& one) {
    one.endpoint->touched();
    if (!one.enabled) unwatch(one);
}

// ---- in somebody else's set ---------------------------------------------------------------------

int wait_engine::fd() {
    open_set();
    return set_->fd();
}

void wait_engine::arm() {
    drop_gone();
    open_set();
    wait_in_set(deadline::min());  // else edges that were reported to nobody keep it readable
    send_away(0, 0);
    arm_descriptors();
}

bool wait_engine::may_have() {
    if (woken_.load(std::memory_order_acquire)) return true;  // SYNC wake-many
    if (told_.any_noted() || crowd_.any_marked()) return true;
    if (os::wait_readable(fd(), deadline::min())) return true;
    return std::any_of(members_.begin(), members_.end(),
                       [](const member& m) { return m.enabled && m.endpoint->ready(); });
}

void wait_engine::disarm() {
    crowd_.disarm();
    for (member& one : members_) {
        if (one.enabled) one.endpoint->disarm();
    }
}

}  // namespace signet::transport
