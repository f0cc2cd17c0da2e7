// SPDX-License-Identifier: Apache-2.0
// The user's publisher or subscriber as relays see it: more endpoints of shared memory, under the
// private name of the user's, that stand in for those elsewhere.
//
// Thread safety: made by the user's thread, used by the relay thread, but for what says otherwise.
#pragma once

#include <signet/transport/relay/number_log.hpp>
#include <signet/transport/relay/stand_ins.hpp>
#include <signet/transport/shm/topic_publisher.hpp>
#include <signet/transport/shm/topic_subscriber.hpp>
#include <signet/transport/topic_carrier.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace signet::transport::relay {

class shm_publisher final : public local_publisher {
public:
    shm_publisher(shm::topic_publisher& engine, const publisher_options& options)
        : engine_{&engine}, subscribers_max_{options.subscribers_max} {}

    std::uint64_t endpoint() const override { return engine_->id(); }
    const wire::type_descriptor& type() const override { return engine_->type(); }
    std::uint64_t payload_bytes_max() const override { return engine_->payload_bytes_max(); }
    std::size_t subscribers_max() const override { return subscribers_max_; }
    std::unique_ptr<topic_reader> read(const remote_end& who, const subscriber_options& options,
                                       const wire::type_descriptor* theirs) override;
    void tell(topic_event::kind what, const remote_end& who, std::string reason) override;

    /// For the user's thread, too.
    stand_ins& readers() noexcept { return readers_; }

private:
    shm::topic_publisher* engine_;
    std::size_t subscribers_max_;
    stand_ins readers_;
};

/// What the engine of a user's subscriber, and its samples, need to know of the writers. Any
/// thread.
class writers_known final : public shm::provenance {
public:
    explicit writers_known(std::string address) : address_{std::move(address)} {}

    const std::string& topic() const override { return address_; }
    std::uint64_t publisher(std::uint64_t stand_in) const override;
    void restore(shm::received_message& message) override;

    stand_ins& writers() noexcept { return writers_; }
    void add(std::uint64_t stand_in, std::shared_ptr<number_log> numbers);

    /// Losses between the publishers and here, and what was passed over, as far as received.
    std::uint64_t lost() const noexcept {
        return lost_.load(std::memory_order_relaxed);  // relaxed: a count, no order
    }
    std::uint64_t skipped() const noexcept {
        return skipped_.load(std::memory_order_relaxed);  // relaxed: a count, no order
    }

private:
    const std::shared_ptr<number_log>& log_of(std::uint64_t stand_in);

    const std::string address_;
    stand_ins writers_;
    std::mutex mutex_;
    std::map<std::uint64_t, std::shared_ptr<number_log>> logs_;  ///< by stand-in; guarded
    std::uint64_t last_ = 0;                                     ///< the receiving thread's
    std::shared_ptr<number_log> last_log_;                       ///< its
    std::atomic<std::uint64_t> lost_{0};
    std::atomic<std::uint64_t> skipped_{0};
};

class shm_subscriber final : public local_subscriber {
public:
    /// `type` null: any. Has the engine ask `known` from now on.
    shm_subscriber(shm::topic_subscriber& engine, const wire::type_descriptor* type,
                   const subscriber_options& options, std::shared_ptr<writers_known> known);

    std::uint64_t endpoint() const override { return engine_->id(); }
    const subscriber_options& options() const override { return options_; }
    const wire::type_descriptor* type() const override { return type_ ? &*type_ : nullptr; }
    std::unique_ptr<topic_writer> write(const remote_end& who, const wire::type_descriptor& type,
                                        std::uint64_t payload_bytes_max) override;
    void refused(const remote_end& who, const error& why) override;

private:
    shm::topic_subscriber* engine_;
    std::optional<wire::type_descriptor> type_;
    subscriber_options options_;
    std::shared_ptr<writers_known> known_;
};

}  // namespace signet::transport::relay
