// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/queue/queue_core.hpp>

#include <signet/base/error.hpp>
#include <signet/os/coarse_clock.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/os/membarrier.hpp>
#include <signet/pattern/queue/queue_parts.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace signet::pattern {
namespace {

using memory::dead_priority;
using memory::record_facts;
using memory::record_place;
using memory::record_state;

std::uint64_t nanoseconds_of(clock::time_point time) noexcept {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

std::uint64_t ahead(std::chrono::nanoseconds delay) noexcept {
    return nanoseconds_of(after(delay));
}

/// Words are stored one by one, so that who peeks meanwhile is not undefined; what is long is
/// copied by larger steps, as whoever writes into a loan does.
void copy_payload(std::byte* to, std::span<const std::byte> from) noexcept {
    constexpr std::size_t words_bytes_max = 4096;
    if (from.empty()) return;
    if (from.size() > words_bytes_max) {
        std::memcpy(to, from.data(), from.size());
    } else {
        memory::copy_in(reinterpret_cast<memory::shared_word<std::uint64_t>*>(to), from.data(),
                        from.size());
    }
}

/// The dead do not append either; and who sleeps for room is woken as they are swept.
memory::seat_is_vacant vacancy_in(const sync::region_core& region) {
    return [seats = region.seats().seats()](std::uint32_t seat) {
        // SYNC seat
        return seat < seats.size() &&
               !memory::is_active(seats[seat].word.load(std::memory_order_acquire));
    };
}

memory::queue_peers peers_with(memory::seat_is_vacant vacant) {
    memory::queue_peers peers{.vacant = std::move(vacant), .spare = queue_pages_spare};
    if (os::membarrier_supported()) peers.fence_all = os::membarrier_all_processes;
    peers.fences_itself = !os::register_for_membarrier();
    return peers;
}

}  // namespace

std::uint64_t queue_now() noexcept {
    return nanoseconds_of(clock::now());
}

// ---- parts --------------------------------------------------------------------------------------

queue_core::parts::parts(opened_queue opened, queue_place where)
    : region{std::move(opened.region)},
      place{std::move(where)},
      words{opened.words},
      shape{shape_of(words)},
      self{region->self()},
      ids{*region, words},
      peers{peers_with(vacancy_in(*region))},
      reader{words, memory::lanes_of::messages, queue_now},
      dead_reader{words, memory::lanes_of::dead_letters, queue_now},
      settling{words} {
    // What somebody left there who sat here before means nothing. SYNC pusher
    words.pusher(self.seat()).writing.store(0, std::memory_order_release);
    peers.tell_of_room = [this] { ring_all_room(); };
    for (std::uint32_t priority = 0; priority < shape.priorities; ++priority) {
        lanes.emplace_back(words, self.seat(), priority, peers);
    }
    lanes.emplace_back(words, self.seat(), dead_priority, peers);
}

record_facts queue_core::parts::facts_of(const queue_terms& terms) const {
    if (terms.priority >= shape.priorities) {
        throw contract_violation{"push to '" + name + "': it has " +
                                 std::to_string(shape.priorities) + " priorities, from 0"};
    }
    if (terms.delay.count() < 0 || terms.expires.count() < 0) {
        throw contract_violation{"push to '" + name + "': a delay or expiry in the past"};
    }
    if (terms.reply_to.size() > memory::reply_to_bytes_max) {
        throw contract_violation{"push to '" + name + "': the name to reply to is too long"};
    }
    record_facts facts;
    facts.priority = terms.priority;
    facts.pushed_ns = nanoseconds_of(os::coarse_now());
    if (terms.delay.count() != 0) facts.due_ns = ahead(terms.delay);
    if (terms.expires.count() != 0) facts.expires_ns = ahead(terms.expires);
    facts.id = terms.id;
    facts.reply_to = terms.reply_to;
    return facts;
}

void queue_core::parts::check_size(std::uint64_t bytes) const {
    if (bytes <= shape.message_bytes_max) return;
    throw error{errc::too_large, "push", name,
                "a message has up to " + std::to_string(shape.message_bytes_max) +
                    " bytes there, and this one has " + std::to_string(bytes)};
}

record_state queue_core::parts::published_as(std::uint64_t due_ns) const {
    if (committer) return record_state::staged;
    if (shape.least == durability::host_crash) {
        throw contract_violation{"push to '" + name + "': it was opened without its log"};
    }
    return due_ns == 0 ? record_state::ready : record_state::delayed;
}

record_state queue_core::parts::acknowledged_as() const {
    return committer ? record_state::finished : record_state::done;
}

std::optional<memory::reserved_record> queue_core::parts::reserve(memory::queue_lane& in,
                                                                  std::uint64_t bytes,
                                                                  const record_facts& facts) {
    auto record = in.reserve(bytes, facts);
    if (!record && in.has_looked() && move_delayed()) record = in.reserve(bytes, facts);
    return record;
}

// Who looked for something at its old place meanwhile, and sleeps, does not know when it is due.
bool queue_core::parts::move_delayed() {
    const memory::moved_records moved =
        memory::move_delayed(words, std::span{lanes}.first(shape.priorities),
                             {self, queue_now(), peers.vacant, peers.fence_all});
    ring_work();
    if (moved.pages_freed != 0) ring_all_room();
    return moved.pages_freed != 0;
}

bool queue_core::parts::put(memory::queue_lane& into, std::span<const std::byte> payload,
                            const record_facts& facts, record_state as) {
    const auto record = reserve(into, payload.size(), facts);
    if (!record) return false;
    copy_payload(record->payload, payload);
    into.publish(*record, payload.size(), facts, as);
    return true;
}

bool queue_core::parts::put_in_turn(std::span<const std::byte> payload, const record_facts& facts) {
    const std::lock_guard turn{pushing};
    return put(lane(facts.priority), payload, facts);
}

void queue_core::parts::ring(memory::queue_bell& bell, int count_max) noexcept {
    std::uint32_t dozing = 0;
    if (!memory::must_ring(bell, dozing)) return;
    if (sync::wake(bell.rings, count_max) == 0) memory::nobody_slept(bell, dozing);
}

// What comes next in its page waited for it.
void queue_core::parts::ring_behind(const record_place& of) noexcept {
    bool more = false;
    if (of.slot + 1 < words.shape().slots) {
        auto& behind = words.slot(of.page, of.slot + 1).word;
        // relaxed: a hint, and mostly written by ourselves
        const memory::slot_word next{behind.load(std::memory_order_relaxed)};
        more = next.state() != record_state::nothing;
    }
    if (more) {
        ring_all_work();
    } else {
        ring_work();
    }
}

void queue_core::parts::put_back(const record_place& of, std::uint64_t due_ns) {
    if (!memory::return_record(words, of, due_ns)) complain_of_damage("give back");
    words.header().returned.fetch_add(1, std::memory_order_release);  // B2. SYNC looks
    ring_work();
    if (due_ns != 0) ring_room();  // it may be moved
}

void queue_core::parts::finish(const record_place& of) {
    if (!memory::finish_record(words, of, acknowledged_as())) complain_of_damage("acknowledge");
    if (memory::free_behind(words, of)) ring_room();
}

void queue_core::parts::tell_of_nothing() {
    queue_ready* const told = telling.load(std::memory_order_acquire);  // SYNC telling
    if (told != nullptr) told->found_nothing();
}

void queue_core::parts::complain_of_damage(const char* operation) const {
    throw error{errc::damaged, operation, name, "the message is not ours any more"};
}

// ---- opening ------------------------------------------------------------------------------------

queue_core::queue_core(std::unique_ptr<parts> made) noexcept : parts_{std::move(made)} {}

queue_core::~queue_core() = default;

namespace {

template <class Make>
std::shared_ptr<queue_core> opened(const queue_place& where, const queue_shape& shape, opening how,
                                   Make&& make) {
    auto parts = std::make_unique<queue_core::parts>(open_queue(where, shape, how), where);
    parts->take_mailbox(shape);
    // A forked child leaves it alone.
    return {make(std::move(parts)), os::delete_where_made{}};
}

}  // namespace

std::shared_ptr<queue_core> queue_core::open_or_create(const queue_place& where,
                                                       const queue_shape& shape) {
    return opened(where, shape, opening::open_or_create,
                  [](auto made) { return new queue_core{std::move(made)}; });
}

std::shared_ptr<queue_core> queue_core::create(const queue_place& where, const queue_shape& shape) {
    return opened(where, shape, opening::create,
                  [](auto made) { return new queue_core{std::move(made)}; });
}

std::shared_ptr<queue_core> queue_core::open(const queue_place& where, const queue_shape& shape) {
    return opened(where, shape, opening::open,
                  [](auto made) { return new queue_core{std::move(made)}; });
}

bool queue_core::remove(const queue_place& where) {
    return remove_queue(where);
}

void queue_core::commit_by(std::shared_ptr<queue_committer> committer) {
    parts_->committer = std::move(committer);
}

const std::string& queue_core::name() const noexcept {
    return parts_->name;
}

const queue_shape& queue_core::shape() const noexcept {
    return parts_->shape;
}

// ---- pushing ------------------------------------------------------------------------------------

std::optional<push_outcome> queue_core::parts::outcome_of(const queue_ids::claim& claim) {
    if (claim.is == queue_ids::verdict::fresh) return std::nullopt;
    if (claim.is == queue_ids::verdict::pending) return push_outcome::full;
    words.header().duplicates.fetch_add(1, std::memory_order_relaxed);  // relaxed: for people
    return push_outcome::duplicate;
}

namespace {

/// An id that is being pushed: withdrawn, unless it became sure.
class pending_id {
public:
    pending_id(const queue_ids& in, const queue_ids::claim& claim) noexcept
        : in_{in}, claim_{claim} {}
    pending_id(const pending_id&) = delete;
    pending_id& operator=(const pending_id&) = delete;
    ~pending_id() {
        if (!sure_) in_.withdraw(claim_);
    }
    void make_sure() noexcept {
        queue_ids::sure(claim_);
        sure_ = true;
    }

private:
    const queue_ids& in_;
    queue_ids::claim claim_;
    bool sure_ = false;
};

}  // namespace

// I3, I4. Wakes who waits for what becomes of the id.
bool queue_core::parts::put_fresh(std::span<const std::byte> payload, const record_facts& facts,
                                  const queue_ids::claim& id) {
    bool there = false;
    {
        pending_id pending{ids, id};
        there = put_in_turn(payload, facts);
        if (there) pending.make_sure();
    }
    if (id.entry != nullptr) ring_all_room();
    return there;
}

push_outcome queue_core::try_push(std::span<const std::byte> payload, const queue_terms& terms,
                                  const sync::patience& limit) {
    parts& my = *parts_;
    my.check_process();
    my.check_size(payload.size());
    my.check_reader();
    const record_facts facts = my.facts_of(terms);
    queue_ids::claim id;
    if (terms.id) id = my.ids.begin(*terms.id, queue_now());
    if (const auto outcome = my.outcome_of(id)) {
        if (*outcome != push_outcome::duplicate) return *outcome;
        // What it repeats is safe, too.
        return my.commit(*this, limit) ? push_outcome::duplicate : push_outcome::unconfirmed;
    }
    if (!my.put_fresh(payload, facts, id)) {
        my.tell_finished(*this);
        return push_outcome::full;
    }
    my.ring_work();
    return my.commit(*this, limit) ? push_outcome::accepted : push_outcome::unconfirmed;
}

std::optional<draft> queue_core::try_loan(std::uint64_t bytes, const queue_terms& terms) {
    parts& my = *parts_;
    my.check_process();
    my.check_size(bytes);
    my.check_reader();
    const record_facts facts = my.facts_of(terms);
    const std::lock_guard turn{my.pushing};
    memory::queue_lane& lane = my.lane(terms.priority);
    const auto record = my.reserve(lane, bytes, facts);
    if (!record) return std::nullopt;
    return draft{lane.keep(*record, bytes, facts, my.self), {record->payload, bytes}};
}

push_outcome queue_core::push(draft&& written) {
    parts& my = *parts_;
    my.check_process();
    if (!written) throw contract_violation{"push to '" + my.name + "': it was pushed already"};
    my.check_reader();
    const draft& mine = written;
    memory::queue_record record;
    const memory::seen_page page{mine.place_.page, my.words.see_page(mine.place_.page)};
    if (!memory::read_record(my.words, page, mine.place_.slot, record))
        my.complain_of_damage("push");
    queue_ids::claim id;
    if (record.facts.id) id = my.ids.begin(*record.facts.id, queue_now());
    if (const auto outcome = my.outcome_of(id)) {
        if (*outcome == push_outcome::duplicate) {
            drop(std::move(written));
            my.commit(*this);  // as above
        }
        return *outcome;
    }
    pending_id pending{my.ids, id};
    const record_state as = my.published_as(record.facts.due_ns);
    const draft pushed = std::move(written);
    if (!memory::publish_loan(my.words, pushed.place_, as)) my.complain_of_damage("push");
    pending.make_sure();
    if (id.entry != nullptr) my.ring_all_room();
    my.ring_behind(pushed.place_);
    my.commit(*this);
    return push_outcome::accepted;
}

void queue_core::drop(draft&& unwanted) noexcept {
    const draft mine = std::move(unwanted);
    parts& my = *parts_;
    if (!mine || !my.region->here() || !memory::drop_loan(my.words, mine.place_)) return;
    if (memory::free_behind(my.words, mine.place_)) my.ring_room();
    my.ring_behind(mine.place_);
}

// ---- popping ------------------------------------------------------------------------------------

std::optional<held_message> queue_core::try_pop() {
    parts& my = *parts_;
    my.check_process();
    my.require_reader();
    std::optional<held_message> found{std::in_place};
    memory::taken_record& record = found->record_;
    bool there = true;
    while (there) {
        bool sound = false;
        bool freed = false;
        {
            const std::lock_guard turn{my.popping};
            there = my.reader.take(my.self, record, sound);
            freed = my.reader.freed() != 0;
        }
        if (freed) my.ring_room();
        if (!there || !is_delivered(record, sound)) continue;
        found->held_ = true;
        return found;
    }
    my.tell_of_nothing();
    found.reset();
    return found;
}

// False: it is not to be delivered, and was seen to.
bool queue_core::is_delivered(const memory::taken_record& record, bool sound) {
    parts& my = *parts_;
    const record_facts& facts = record.facts;
    const std::uint32_t most = my.shape.deliveries_max;
    if (!sound) {
        my.words.header().damaged.fetch_add(1, std::memory_order_relaxed);  // relaxed: for people
        bury(record, dead_reason::damaged, "what the queue says about it cannot be");
    } else if (facts.expires_ns != 0 && queue_now() >= facts.expires_ns) {
        my.words.header().expired.fetch_add(1, std::memory_order_relaxed);  // relaxed: for people
        if (my.shape.expired == expired_messages::dropped) {
            my.finish(record.place);
            my.tell_finished(*this);
        } else {
            bury(record, dead_reason::expired, "nobody took it in time");
        }
    } else if (most != 0 && facts.deliveries > most) {
        bury(record, dead_reason::deliveries, "delivered as often as the queue allows");
    } else {
        return true;
    }
    return false;
}

// D1, D2. Where there is no room it comes again, and is tried again, after a while.
void queue_core::bury(const memory::taken_record& record, dead_reason reason,
                      std::string_view text) {
    constexpr std::chrono::seconds retry{1};
    parts& my = *parts_;
    const bool sound = reason != dead_reason::damaged;
    record_facts facts = sound ? record.facts : record_facts{};
    facts.former_priority = record.facts.priority;
    facts.priority = dead_priority;
    facts.reason = reason;
    facts.text = text.substr(0, memory::dead_text_bytes_max);
    facts.due_ns = 0;
    facts.expires_ns = 0;
    facts.identity = 0;
    bool there = false;
    try {
        there = my.put_in_turn(sound ? record.payload : std::span<const std::byte>{}, facts);
        if (there) my.commit(*this);
    } catch (...) {
        my.put_back(record.place, ahead(retry));
        throw;
    }
    if (!there) return my.put_back(record.place, ahead(retry));
    my.finish(record.place);
    my.tell_finished(*this);
}

void queue_core::acknowledge(held_message&& message) {
    parts& my = *parts_;
    my.check_process();
    if (!message) throw contract_violation{"acknowledge in '" + my.name + "': nothing is held"};
    message.held_ = false;
    my.finish(message.record_.place);
    my.tell_finished(*this);
}

void queue_core::give_back(held_message&& message, std::chrono::nanoseconds delay) {
    parts& my = *parts_;
    my.check_process();
    if (!message) throw contract_violation{"give back to '" + my.name + "': nothing is held"};
    if (delay.count() < 0) {
        throw contract_violation{"give back to '" + my.name + "': a delay in the past"};
    }
    const held_message mine = std::move(message);
    my.put_back(mine.record_.place, delay.count() == 0 ? 0 : ahead(delay));
}

void queue_core::dead_letter(held_message&& message, std::string_view why) {
    parts& my = *parts_;
    my.check_process();
    if (!message) throw contract_violation{"dead letter in '" + my.name + "': nothing is held"};
    const held_message mine = std::move(message);
    bury(mine.record_, dead_reason::refused, why);
}

}  // namespace signet::pattern
