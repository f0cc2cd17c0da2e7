// SPDX-License-Identifier: Apache-2.0
// How a subscriber asks to join a publisher, and what it makes of the answer. Runs in the control
// thread (or the one that creates the subscriber), with the plane's lock held.
#include <signet/base/error.hpp>
#include <signet/base/name.hpp>
#include <signet/os/process.hpp>
#include <signet/transport/shm/shared_memory.hpp>
#include <signet/transport/shm/topic_subscriber.hpp>
#include <signet/wire/descriptor_codec.hpp>
#include <signet/wire/plan.hpp>

#include <algorithm>
#include <array>

namespace signet::transport::shm {
namespace {

namespace key = link::key;

// Segment, bell page, data event; and the room event of a publisher that sleeps on one.
constexpr std::size_t welcome_descriptors = 4;

constexpr std::size_t failures_max = 1024;

memory::topic_geometry read_geometry(const wire::frame_reader& frame) {
    const memory::topic_geometry g{
        frame.u64(key::depth),       frame.u64(key::slot_bytes),  frame.u64(key::payload_bytes_max),
        frame.u64(key::chunk_bytes), frame.u64(key::chunk_count), frame.flag(key::timed)};
    if (g.sound()) return g;
    throw error{errc::peer_misbehaved, "join a publisher", {}, "its geometry is impossible"};
}

welcome read_welcome(const wire::frame_reader& frame, const std::string& topic, delivery policy) {
    return {frame.u64(key::from),
            topic,
            frame.u64(key::from),
            frame.u64(key::start),
            static_cast<std::uint32_t>(
                std::min<std::uint64_t>(frame.u64(key::held_max), memory::held_max_limit)),
            read_geometry(frame),
            frame.u64(key::fence) != 0,
            policy,
            wire::decode_descriptor(frame.bytes(key::type))};
}

bool of_our_user(const link::peer& from) {
    return from.identity.uid == os::current_uid();
}

os::mapping map_segment(const os::descriptor& file, const expected_memory& expected, paging how) {
    os::mapping mapped = map_peer_memory(file, expected);
    prefault(mapped, file, how);
    return mapped;
}

os::mapping map_bells(const os::descriptor& file, paging how) {
    os::mapping mapped = map_group_memory(file, memory::page_bytes);
    if (how != paging::on_demand) mapped.populate_for_write(0, memory::page_bytes);
    if (how == paging::locked) mapped.lock(0, memory::page_bytes);
    return mapped;
}

source_memory map_all(std::shared_ptr<os::mapping> page, std::vector<os::descriptor> descriptors,
                      const memory::topic_geometry& g, bool huge_pages, paging how) {
    if (descriptors.size() != welcome_descriptors) {
        throw error{errc::peer_misbehaved, "join a publisher", {}, "its welcome lacks descriptors"};
    }
    return {
        std::move(page),
        std::make_shared<os::mapping>(map_segment(
            descriptors[0],
            {.bytes = g.segment_bytes(), .used_bytes = g.chunks_offset(), .huge_pages = huge_pages},
            how)),
        map_bells(descriptors[1], how), std::move(descriptors[2]), std::move(descriptors[3])};
}

/// Puts memory behind those parts of our page that this publisher's messages make us write to.
void fill_page(os::mapping& page, const welcome& answer, paging how) {
    if (answer.held_max != 0) {
        page.populate_for_write(offsetof(memory::subscriber_page, since), memory::page_bytes);
    }
    if (answer.geometry.timed) {
        page.populate_for_write(offsetof(memory::subscriber_page, latency), memory::page_bytes);
    }
    if (how == paging::locked) page.lock(0, sizeof(memory::subscriber_page));
}

wire::reading_plan plan_for(const wire::type_descriptor& ours, const welcome& answer) {
    std::string text;
    for (const std::string& line : wire::reading_obstacles(ours, answer.type)) {
        text += (text.empty() ? "" : "; ") + line;
    }
    if (!text.empty()) throw error{errc::incompatible_type, "join topic", answer.topic, text};
    return wire::plan_reading(ours, answer.type);
}

shared_memory create_page() {
    shared_memory page = create_own_memory("signet-subscriber", sizeof(memory::subscriber_page));
    page.bytes.populate_for_write(0, memory::page_bytes);
    auto& head = *reinterpret_cast<memory::subscriber_page*>(page.bytes.data());
    // relaxed, both: nobody has the page yet
    head.magic.store(memory::subscriber_magic, std::memory_order_relaxed);
    head.version.store(memory::topic_layout_version, std::memory_order_relaxed);
    return page;
}

/// A reader takes as many bytes out of a slot as its own type has, so they must be there.
void require_room(const wire::type_descriptor& ours, const welcome& answer) {
    const memory::topic_geometry& g = answer.geometry;
    const std::uint64_t bytes = ours.has_fixed_size() ? ours.size() : 0;
    const bool in_slot = bytes <= memory::inline_bytes_limit;
    const bool fits = bytes <= (in_slot ? g.inline_bytes_max() : g.chunk_bytes);
    const bool may_hold = in_slot || answer.held_max != 0;
    if (fits && may_hold) return;
    throw error{
        errc::peer_misbehaved, "join a publisher", {}, "its slots do not hold its messages"};
}

}  // namespace

void topic_subscriber::found(link::peer& from, std::string_view topic, std::uint64_t endpoint) {
    if (retired_ || joins_.contains(endpoint)) return;
    shared_memory page = create_page();
    const bool barriers = life::fencing_of_this_process() == life::fence_mode::on_demand;
    auto frame = wire::frame_writer{link::kind::join}
                     .put(key::to, endpoint)
                     .put(key::from, self_.endpoint)
                     .put(key::topic, topic)
                     .put(key::policy, static_cast<std::uint64_t>(options_.policy))
                     .put(key::held_max, options_.held_max)
                     .put(key::history, options_.history)
                     .put(key::fence, std::uint64_t{barriers ? 0u : 1u});
    if (type_) frame.put(key::type, wire::encode(*type_));
    plane_->send(from, frame.take(), std::array{page.file.get()});
    joins_.emplace(endpoint, join_request{&from, std::string{topic},
                                          std::make_shared<os::mapping>(std::move(page.bytes)),
                                          std::make_shared<os::descriptor>(std::move(page.file))});
}

void topic_subscriber::received(link::peer& from, const wire::frame_reader& frame,
                                std::vector<os::descriptor> descriptors) {
    const auto joined = joins_.find(frame.u64(key::from));
    if (joined == joins_.end() || joined->second.peer != &from) return;  // long over
    if (frame.kind() == link::kind::welcome) {
        process_welcome(joined->second, from, frame, std::move(descriptors));
    } else if (frame.kind() == link::kind::extent) {
        process_extent(from, joined->first, joined->second, frame, std::move(descriptors));
    } else if (frame.kind() == link::kind::evict) {
        process_eviction(from.identity, frame);
    } else if (frame.kind() == link::kind::leave) {
        if (joined->second.welcomed) end(from.identity, joined->first, {true, "left"});
        joins_.erase(joined);
    } else if (frame.kind() == link::kind::refuse) {
        const auto code = static_cast<errc>(frame.u64(key::code));
        const error why{code, "join topic", shown(joined->second.topic), frame.text(key::reason)};
        const std::uint64_t publisher = joined->first;
        joins_.erase(joined);
        fail(from.identity, publisher, why);
    }
}

void topic_subscriber::process_welcome(join_request& request, link::peer& from,
                                       const wire::frame_reader& frame,
                                       std::vector<os::descriptor> descriptors) {
    if (std::exchange(request.welcomed, true)) {
        throw error{errc::peer_misbehaved, "join topic", request.topic, "it welcomed us twice"};
    }
    const std::uint64_t publisher = frame.u64(key::from);
    try {
        welcome answer = read_welcome(frame, shown(request.topic), options_.policy);
        if (origin_) answer.shown = origin_->publisher(publisher);
        if (type_) answer.plan = plan_for(*type_, answer);
        if (type_) require_room(*type_, answer);
        fill_page(*request.page, answer, options_.memory);
        source_memory memory = map_all(request.page, std::move(descriptors), answer.geometry,
                                       of_our_user(from), options_.memory);
        silence_.add(publisher, from.identity, memory.segment);
        inbox news;
        news.arrivals.push_back(std::make_unique<source>(answer, from.identity, std::move(memory)));
        news.events.push_back(event_of(topic_event::kind::joined, from.identity, publisher, {}));
        show_counts(
            {publisher, request.page, request.file, answer.held_max, answer.geometry.timed});
        hand_over(std::move(news));
    } catch (const error& e) {
        plane_->send(from, leave_frame(publisher));
        joins_.erase(publisher);
        fail(from.identity, publisher, e);
    }
}

void topic_subscriber::process_extent(const link::peer& from, std::uint64_t publisher,
                                      join_request& request, const wire::frame_reader& frame,
                                      std::vector<os::descriptor> descriptors) {
    // One that was lost for want of descriptors leaves a gap: what follows would be taken for it.
    if (frame.u64(key::number) != request.extents) return;
    const std::uint64_t chunk_bytes = frame.u64(key::chunk_bytes);
    const std::uint64_t chunk_count = frame.u64(key::chunk_count);
    const memory::topic_geometry shape{.depth = 2,
                                       .slot_bytes = memory::line_bytes,
                                       .payload_bytes_max = 0,
                                       .chunk_bytes = chunk_bytes,
                                       .chunk_count = chunk_count};
    const bool too_many = request.extents == memory::extents_max;
    if (descriptors.size() != 1 || chunk_bytes == 0 || !shape.sound() || too_many) {
        throw error{errc::peer_misbehaved, "read from a publisher", topic_,
                    "the chunks it offers are impossible"};
    }
    inbox news;
    news.extents.push_back(
        {publisher,
         map_segment(
             descriptors.front(),
             {.bytes = chunk_bytes * chunk_count, .used_bytes = 0, .huge_pages = of_our_user(from)},
             options_.memory),
         chunk_bytes, chunk_count});
    ++request.extents;
    hand_over(std::move(news));
}

void topic_subscriber::process_eviction(const link::peer_identity& who,
                                        const wire::frame_reader& frame) {
    const std::uint64_t publisher = frame.u64(key::from);
    silence_.remove(publisher);
    inbox news;
    news.cut_off_from.push_back({publisher, eviction()});
    news.events.push_back(
        event_of(topic_event::kind::evicted, who, publisher, std::string{frame.text(key::reason)}));
    hand_over(std::move(news));
}

void topic_subscriber::check(clock::time_point now) {
    const auto silent = silence_.look(now);
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(options_.message_due);
    for (const silence_watch::silence& one : silent) {
        events_.add(topic_event::kind::late, one.who, one.publisher,
                    (one.publisher == 0 ? "nobody has published for " : "no message for ") +
                        std::to_string(ms.count()) + " ms");
    }
    // relaxed: a count, which orders nothing
    deadlines_missed_.fetch_add(silent.size(), std::memory_order_relaxed);
    if (!silent.empty()) post();
}

void topic_subscriber::fell_short(link::peer& from, std::uint64_t publisher, const error& why) {
    const auto joined = joins_.find(publisher);
    if (joined != joins_.end() && joined->second.welcomed) {
        inbox news;
        news.cut_off_from.push_back({publisher, why});
        return hand_over(std::move(news));
    }
    if (joins_.erase(publisher) != 0) plane_->send(from, leave_frame(publisher));
    fail(from.identity, publisher, why);
}

std::string topic_subscriber::topic_with(std::uint64_t publisher) const {
    const auto joined = joins_.find(publisher);
    return joined == joins_.end() || joined->second.welcomed ? std::string{} : joined->second.topic;
}

bool topic_subscriber::gone(link::peer& who, const link::departure& how) {
    for (auto joined = joins_.begin(); joined != joins_.end();) {
        if (joined->second.peer != &who) {
            ++joined;
            continue;
        }
        if (joined->second.welcomed) end(who.identity, joined->first, how);
        joined = joins_.erase(joined);
    }
    return false;
}

void topic_subscriber::end(const link::peer_identity& who, std::uint64_t publisher,
                           const link::departure& how) {
    silence_.remove(publisher);
    inbox news;
    news.ended.push_back(publisher);
    news.events.push_back(event_of(how.orderly ? topic_event::kind::left : topic_event::kind::died,
                                   who, publisher, how.reason));
    hand_over(std::move(news));
}

void topic_subscriber::fail(const link::peer_identity& who, std::uint64_t publisher,
                            const error& why) {
    topic_event refused = event_of(topic_event::kind::refused, who, publisher, why.what());
    if (is_event_only(why)) {
        events_.add(std::move(refused));
        return post();
    }
    inbox news;
    news.failures.push_back(why);
    news.events.push_back(std::move(refused));
    hand_over(std::move(news));
}

bool topic_subscriber::is_event_only(const error& why) const {
    // A pattern takes in topics that its subscriber was not written for.
    return is_wild(topic_) && why.code() == errc::incompatible_type;
}

void topic_subscriber::declined(const link::peer& who, const link::refusal& why) {
    const auto asked = std::find_if(joins_.begin(), joins_.end(), [&](const auto& join) {
        return join.second.peer == &who && !join.second.welcomed;
    });
    if (asked == joins_.end()) return;
    const std::uint64_t publisher = asked->first;
    const std::string topic = asked->second.topic;
    joins_.erase(asked);
    fail(who.identity, publisher, {static_cast<errc>(why.code), "join topic", topic, why.reason});
}

void topic_subscriber::distrusted(const link::peer_identity& who, const std::string& reason) {
    fail(who, 0, {errc::untrusted, "join topic", topic_, reason});
}

void topic_subscriber::hand_over(inbox news) {
    {
        const std::lock_guard locked{inbox_mutex_};
        for (auto& arrival : news.arrivals) inbox_.arrivals.push_back(std::move(arrival));
        for (auto& more : news.extents) inbox_.extents.push_back(std::move(more));
        for (auto& one : news.cut_off_from) inbox_.cut_off_from.push_back(std::move(one));
        inbox_.ended.insert(inbox_.ended.end(), news.ended.begin(), news.ended.end());
        for (error& failure : news.failures) {
            // One that never receives must not grow for ever.
            if (inbox_.failures.size() < failures_max) inbox_.failures.push_back(failure);
        }
        for (topic_event& event : news.events) events_.add(std::move(event));
        news_.store(true, std::memory_order_release);  // SYNC news
    }
    post();
}

void topic_subscriber::show_counts(counted_page page) {
    const std::lock_guard locked{inbox_mutex_};
    pages_.push_back(std::move(page));
}

std::vector<link::shown_page> topic_subscriber::pages() const {
    const std::lock_guard locked{inbox_mutex_};
    std::vector<link::shown_page> shown;
    for (const counted_page& known : pages_) {
        wire::frame_writer facts{link::kind::page};
        facts.put(key::from, self_.endpoint)
            .put(key::publisher, known.publisher)
            .put(key::held_max, known.held_max)
            .put(key::timed, known.timed);
        shown.push_back({std::move(facts), known.file});
    }
    return shown;
}

subscriber_counts topic_subscriber::counts_for_onlookers() const {
    const std::lock_guard locked{inbox_mutex_};
    subscriber_counts all = past_;
    all.publishers = pages_.size();
    for (const counted_page& known : pages_) {
        const auto& page = *reinterpret_cast<const memory::subscriber_page*>(known.page->data());
        // relaxed, all five: counts that order nothing, and may belong to different moments
        const std::uint64_t lost = page.lost.load(std::memory_order_relaxed);
        const std::uint64_t skipped = page.skipped.load(std::memory_order_relaxed);
        const std::uint64_t start = page.start.load(std::memory_order_relaxed);
        const std::uint64_t cursor = page.cursor.load(std::memory_order_relaxed);
        const std::uint64_t opened = page.opened.load(std::memory_order_relaxed);
        const std::uint64_t passed = start + lost + skipped;
        const std::uint64_t read = std::max(cursor, opened);
        all.received += read > passed && cursor != memory::cursor_abandoned ? read - passed : 0;
        all.lost += lost;
        all.skipped += skipped;
    }
    return all;
}

void topic_subscriber::describe(wire::frame_writer& report) const {
    const subscriber_counts counts = counts_for_onlookers();
    if (type_) report.put(key::type, wire::encode(*type_));
    report.put(key::policy, static_cast<std::uint64_t>(options_.policy))
        .put(key::held_max, options_.held_max)
        .put(key::received, counts.received)
        .put(key::lost, counts.lost)
        .put(key::skipped, counts.skipped)
        .put(key::publishers, counts.publishers);
}

void topic_subscriber::farewell() {
    for (const auto& [publisher, request] : joins_) {
        plane_->send(*request.peer, leave_frame(publisher));
    }
    joins_.clear();
}

std::vector<std::byte> topic_subscriber::leave_frame(std::uint64_t publisher) const {
    return wire::frame_writer{link::kind::leave}
        .put(key::to, publisher)
        .put(key::from, self_.endpoint)
        .take();
}

}  // namespace signet::transport::shm
