// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/relay/local_topic.hpp>

#include <signet/transport/shm/publisher_watch.hpp>
#include <signet/transport/shm/raw_slot.hpp>
#include <signet/transport/shm/subscriber_watch.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace signet::transport::relay {
namespace {

/// What the slot of a message says that has no time: the ring has one for each.
constexpr std::uint64_t no_time = 1;

/// Messages that a subscriber may want to have from before it came: more than that is memory that
/// somebody else asks for.
constexpr std::uint64_t history_max = std::uint64_t{1} << 16;

// ---- reading ------------------------------------------------------------------------------------

class shm_reader final : public topic_reader {
public:
    shm_reader(const std::shared_ptr<link::control_plane>& plane, const std::string& name,
               const wire::type_descriptor* theirs, const subscriber_options& options,
               stand_ins& known, std::uint64_t id)
        : known_{&known},
          engine_{std::make_shared<shm::topic_subscriber>(plane, name, theirs, options, id)} {}

    ~shm_reader() override { slot_ = {}; }

    const relayed_message* next() override {
        slot_ = {};
        shm::received_message got;
        if (!engine_->look_once([&] { return slot_.look(*engine_, got); })) return nullptr;
        message_ = {got.view.number, got.view.time, got.lost_before, slot_.bytes()};
        return &message_;
    }
    bool joined() const override { return engine_->counts().publishers != 0; }
    void end(topic_event::kind how, std::string reason) override {
        known_->end(engine_->id(), how, std::move(reason));
    }
    std::unique_ptr<waitable> watch() override {
        return std::make_unique<shm::subscriber_watch>(engine_);
    }

private:
    stand_ins* known_;
    std::shared_ptr<shm::topic_subscriber> engine_;
    shm::raw_slot slot_;
    relayed_message message_;
};

subscriber_options options_of_reader(const subscriber_options& wanted) {
    return {.policy = wanted.policy,
            .history = wanted.history,
            .held_max = 2,
            .interval_min = wanted.interval_min,
            .waiting = life::wait_mode::sleep};
}

// ---- writing ------------------------------------------------------------------------------------

/// Its engine, which the watch needs as well.
class shm_writer final : public topic_writer {
public:
    shm_writer(const std::shared_ptr<link::control_plane>& plane, const std::string& name,
               const wire::type_descriptor& type, const publisher_options& options,
               std::shared_ptr<writers_known> known, std::uint64_t id)
        : numbers_{std::make_shared<number_log>()}, known_{std::move(known)} {
        known_->add(id, numbers_);
        engine_ = std::make_unique<shm::topic_publisher>(plane, name, type, options, id);
    }

    bool put(const relayed_message& message) override {
        check(message);
        if (!look()) return false;
        if (refused_) throw error{*refused_};
        if (!std::exchange(noted_, true)) {
            numbers_->note(at_, message.number, message.lost_before, engine_->depth());
        }
        if (!publish(message)) return false;
        ++at_;
        next_ = message.number + 1;
        noted_ = false;
        return true;
    }
    void end(topic_event::kind how, std::string reason) override {
        known_->writers().end(engine_->id(), how, std::move(reason));
    }
    std::unique_ptr<waitable> watch() override;

    /// Whether the user's subscriber has joined, or refused.
    bool look() {
        while (const auto event = engine_->try_event()) {
            if (event->what == topic_event::kind::joined) joined_ = true;
            if (event->what != topic_event::kind::refused) continue;
            refused_ = error{errc::refused, "publish to topic", known_->topic(), event->reason};
        }
        return joined_ || refused_;
    }

private:
    void check(const relayed_message& message) const;
    bool publish(const relayed_message& message);

    std::shared_ptr<number_log> numbers_;
    std::shared_ptr<writers_known> known_;
    std::unique_ptr<shm::topic_publisher> engine_;
    bool joined_ = false;
    std::optional<error> refused_;
    bool noted_ = false;      ///< the next message, in the log
    std::uint64_t at_ = 0;    ///< in the ring
    std::uint64_t next_ = 0;  ///< the least number that the next message may have
};

void shm_writer::check(const relayed_message& message) const {
    const wire::type_descriptor& type = engine_->type();
    const char* flaw = nullptr;
    if (message.number < next_) flaw = "the number of a message is lower than that of the last one";
    if (at_ != 0 && message.lost_before > message.number - next_)
        flaw = "more messages were lost than there were";
    if (type.has_fixed_size() && message.bytes.size() != type.size())
        flaw = "the length of a message is not that of its type";
    if (message.bytes.size() > engine_->payload_bytes_max()) flaw = "a message is too long";
    if (flaw == nullptr) return;
    throw error{errc::peer_misbehaved, "receive from topic", known_->topic(), flaw};
}

bool shm_writer::publish(const relayed_message& message) {
    const patience none = patience::none();
    const auto time = [&] { return message.time_ns == 0 ? no_time : message.time_ns; };
    const std::size_t bytes = message.bytes.size();
    if (engine_->fits_slot(bytes)) {
        return engine_->publish_inline(message.bytes.data(), bytes, none, time);
    }
    const auto chunk = engine_->loan(bytes, none);
    if (!chunk) return false;
    std::memcpy(chunk->data, message.bytes.data(), bytes);
    if (engine_->publish_loan(*chunk, bytes, none, time)) return true;
    engine_->give_back(*chunk);
    return false;
}

/// Ready once the subscriber has joined, or refused, and then while there is room.
class writer_watch final : public waitable {
public:
    writer_watch(shm_writer& of, shm::topic_publisher& engine)
        : of_{&of}, engine_{engine, shm::publisher_interest::room} {}

    const void* identity() const noexcept override { return engine_.identity(); }
    bool ready() override { return engine_.ready() && of_->look(); }
    bool stopped() const override { return engine_.stopped(); }
    std::shared_ptr<link::control_plane> plane() const override { return engine_.plane(); }
    std::size_t words() const override { return engine_.words(); }
    void arm(std::vector<os::futex_waiter>& words) override { engine_.arm(words); }
    int fd() override { return engine_.fd(); }
    void arm_fd() override { engine_.arm_fd(); }
    void disarm() override { engine_.disarm(); }

private:
    shm_writer* of_;
    shm::publisher_watch engine_;
};

std::unique_ptr<waitable> shm_writer::watch() {
    return std::make_unique<writer_watch>(*this, *engine_);
}

publisher_options options_of_writer(const subscriber_options& wanted, std::uint64_t bytes_max,
                                    bool fixed_size) {
    return {.history = std::min(wanted.history, history_max),
            .payload_bytes_max = fixed_size ? 0 : bytes_max,
            .loans_max = 1,
            .subscribers_max = 1,
            .held_total = std::max(wanted.held_max, 1u),
            .timestamps = true,
            .waiting = life::wait_mode::sleep};
}

}  // namespace

// ---- the user's publisher -----------------------------------------------------------------------

std::unique_ptr<topic_reader> shm_publisher::read(const remote_end& who,
                                                  const subscriber_options& options,
                                                  const wire::type_descriptor* theirs) {
    const std::uint64_t id = link::make_id();
    readers_.add(id, who);
    return std::make_unique<shm_reader>(engine_->plane(), engine_->topic(), theirs,
                                        options_of_reader(options), readers_, id);
}

void shm_publisher::tell(topic_event::kind what, const remote_end& who, std::string reason) {
    engine_->tell({what, who.pid, who.command, who.endpoint, std::move(reason), clock::now()});
}

// ---- the user's subscriber ----------------------------------------------------------------------

std::uint64_t writers_known::publisher(std::uint64_t stand_in) const {
    const auto who = writers_.find(stand_in);
    return who ? who->endpoint : stand_in;
}

// Of those that were dropped the user may not have read all yet, so the oldest go when there are
// many.
void writers_known::add(std::uint64_t stand_in, std::shared_ptr<number_log> numbers) {
    constexpr std::size_t logs_max = 64;
    const std::lock_guard locked{mutex_};
    if (logs_.size() >= logs_max) {
        std::erase_if(logs_, [](const auto& known) { return known.second.use_count() == 1; });
    }
    logs_[stand_in] = std::move(numbers);
}

const std::shared_ptr<number_log>& writers_known::log_of(std::uint64_t stand_in) {
    if (stand_in == last_ && last_log_) return last_log_;
    const std::lock_guard locked{mutex_};
    const auto found = logs_.find(stand_in);
    last_log_ = found == logs_.end() ? nullptr : found->second;
    last_ = stand_in;
    return last_log_;
}

void writers_known::restore(shm::received_message& message) {
    if (message.view.time == no_time) message.view.time = 0;
    const auto& numbers = log_of(message.from->publisher);
    if (!numbers) return;
    const auto was = numbers->look_up(message.view.number);
    message.view.number = was.number;
    message.lost_before += was.lost_before;
    // relaxed, both: counts, which order nothing
    lost_.fetch_add(was.lost_before, std::memory_order_relaxed);
    skipped_.fetch_add(was.passed_before, std::memory_order_relaxed);
}

shm_subscriber::shm_subscriber(shm::topic_subscriber& engine, const wire::type_descriptor* type,
                               const subscriber_options& options,
                               std::shared_ptr<writers_known> known)
    : engine_{&engine}, options_{options}, known_{std::move(known)} {
    if (type != nullptr) type_ = *type;
    engine.restore_by(known_);
}

std::unique_ptr<topic_writer> shm_subscriber::write(const remote_end& who,
                                                    const wire::type_descriptor& type,
                                                    std::uint64_t payload_bytes_max) {
    if (type.size() > relayed_bytes_max) {
        throw error{errc::too_large, "join topic", known_->topic(),
                    "a message has " + std::to_string(type.size()) + " bytes; a relay takes " +
                        std::to_string(relayed_bytes_max)};
    }
    const std::uint64_t id = link::make_id();
    known_->writers().add(id, who);
    const std::uint64_t bytes_max =
        std::clamp<std::uint64_t>(payload_bytes_max, 1, relayed_bytes_max);
    return std::make_unique<shm_writer>(
        engine_->plane(), engine_->topic(), type,
        options_of_writer(options_, bytes_max, type.has_fixed_size()), known_, id);
}

void shm_subscriber::refused(const remote_end& who, const error& why) {
    engine_->tell_refusal({.pid = who.pid, .command = who.command}, who.endpoint, why);
}

}  // namespace signet::transport::relay
