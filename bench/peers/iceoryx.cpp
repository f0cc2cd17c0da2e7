// SPDX-License-Identifier: Apache-2.0
// iceoryx: a publisher and a subscriber in each process, chunks loaned and read in place, taken by
// polling or after a WaitSet. The publisher waits for a full queue, which holds 256 messages at
// most. The untyped interface is used because the typed one fills each chunk with zeros when it is
// loaned.
#include <bench/peers/measure.hpp>

#include <iceoryx_posh/popo/untyped_publisher.hpp>
#include <iceoryx_posh/popo/untyped_subscriber.hpp>
#include <iceoryx_posh/popo/wait_set.hpp>
#include <iceoryx_posh/runtime/posh_runtime.hpp>
#include <iceoryx_versions.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace {

namespace popo = iox::popo;

iox::capro::IdString_t id(const std::string& text) {
    return {iox::cxx::TruncateToCapacity, text};
}

template <std::size_t Bytes>
class endpoint {
public:
    explicit endpoint(const peers::part& mine)
        : polls_{mine.waiting == peers::waiting::poll},
          registered_{registered(mine)},
          out_{topic(mine, mine.leads()), publishing()},
          in_{topic(mine, !mine.leads()), subscribing()} {
        if (waits_.attachState(in_, popo::SubscriberState::HAS_DATA).has_error()) {
            throw std::runtime_error{"the WaitSet takes no subscriber"};
        }
        while (!out_.hasSubscribers() ||
               in_.getSubscriptionState() != iox::SubscribeState::SUBSCRIBED) {
        }
    }

    template <class Write>
    void send(Write&& write) {
        auto chunk = out_.loan(Bytes, alignof(std::uint64_t));
        if (chunk.has_error()) throw std::runtime_error{"no chunk to loan"};
        write(static_cast<std::byte*>(chunk.value()));
        out_.publish(chunk.value());
    }

    template <class Read>
    void receive(Read&& read) {
        for (;;) {
            auto chunk = in_.take();
            if (!chunk.has_error()) {
                read(static_cast<const std::byte*>(chunk.value()));
                return in_.release(chunk.value());
            }
            if (!polls_) waits_.wait();
        }
    }

private:
    static bool registered(const peers::part& mine) {
        const std::string side = mine.leads() ? "-lead" : "-follow";
        iox::runtime::PoshRuntime::initRuntime(id(mine.name() + side));
        return true;
    }
    static iox::capro::ServiceDescription topic(const peers::part& mine, bool there) {
        return {id("peers"), id(mine.name()), id(there ? "there" : "back")};
    }
    static popo::PublisherOptions publishing() {
        popo::PublisherOptions options;
        options.subscriberTooSlowPolicy = popo::ConsumerTooSlowPolicy::WAIT_FOR_CONSUMER;
        return options;
    }
    static popo::SubscriberOptions subscribing() {
        popo::SubscriberOptions options;
        options.queueCapacity =
            std::min<std::uint64_t>(peers::depth_of(Bytes), options.queueCapacity);
        options.queueFullPolicy = popo::QueueFullPolicy::BLOCK_PRODUCER;
        return options;
    }

    bool polls_;
    bool registered_;  // before the ports, which need it
    popo::UntypedPublisher out_;
    popo::UntypedSubscriber in_;
    popo::WaitSet<> waits_;
};

}  // namespace

int main(int count, char** arguments) {
    return peers::run<endpoint>(count, arguments, ICEORYX_LATEST_RELEASE_VERSION);
}
