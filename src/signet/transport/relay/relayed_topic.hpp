// SPDX-License-Identifier: Apache-2.0
// What the face keeps of a topic that is carried elsewhere: the relays of one endpoint, which begin
// and end with it, and the words that put its events and statuses right.
//
// Thread safety: made and destroyed by the user's thread; the rest from any thread. Must not
// outlive the engine, and not be used in a forked child.
#pragma once

#include <signet/transport/carrier.hpp>
#include <signet/transport/relay/local_topic.hpp>
#include <signet/transport/relay/relay_thread.hpp>
#include <signet/transport/topic.hpp>

#include <memory>
#include <string>
#include <utility>

namespace signet::transport::relay {

/// A topic that another carrier than shared memory carries.
struct place {
    const carrier* over;
    std::string where;    ///< without the scheme
    std::string address;  ///< as the user said it
};

/// The options of a publisher there: no message is longer than can be carried. Throws `error`
/// (unsupported) where the type is longer.
publisher_options options_at(const place& at, const wire::type_descriptor& type,
                             publisher_options options);

class relayed_publisher {
public:
    /// Throws `error` as topic_carrier::publish.
    relayed_publisher(const place& at, shm::topic_publisher& engine,
                      const publisher_options& options);

    /// Sends what was published, for a second at most.
    ~relayed_publisher();

    const std::string& address() const noexcept { return address_; }
    topic_event told(topic_event event) { return local_.readers().told(std::move(event)); }
    subscriber_status told(subscriber_status status) { return local_.readers().told(status); }

private:
    shm_publisher local_;
    std::string address_;
    std::shared_ptr<relay_thread> thread_;
    relay_thread::group group_{};
};

class relayed_subscriber {
public:
    /// Throws `error` as topic_carrier::subscribe.
    relayed_subscriber(const place& at, shm::topic_subscriber& engine,
                       const wire::type_descriptor* type, const subscriber_options& options);
    ~relayed_subscriber();

    const std::string& address() const noexcept { return known_->topic(); }
    topic_event told(topic_event event) { return known_->writers().told(std::move(event)); }
    publisher_status told(publisher_status status) { return known_->writers().told(status); }
    std::uint64_t lost() const noexcept { return known_->lost(); }
    std::uint64_t skipped() const noexcept { return known_->skipped(); }

private:
    std::shared_ptr<writers_known> known_;
    shm_subscriber local_;
    std::shared_ptr<relay_thread> thread_;
    relay_thread::group group_{};
};

}  // namespace signet::transport::relay
