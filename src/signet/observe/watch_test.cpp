// SPDX-License-Identifier: Apache-2.0
#include <signet/observe/watch.hpp>

#include <signet/link/control_plane.hpp>
#include <signet/os/memfd.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/transport/shm/shared_memory.hpp>
#include <signet/transport/shm/topic_publisher.hpp>
#include <signet/transport/shm/topic_subscriber.hpp>
#include <signet/wire/describe.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <thread>

namespace signet::observe {
namespace {

using namespace std::chrono_literals;
using signet::testing::eventually;
using transport::publisher_options;
using transport::subscriber_options;
using transport::shm::received_message;
using transport::shm::topic_publisher;
using transport::shm::topic_subscriber;

struct pose {
    double x, y;
};

struct picture {
    std::byte pixels[1000];
};

/// A publisher and a subscriber in two contexts, and somebody who watches.
template <class Message>
struct pair_of_ends {
    explicit pair_of_ends(const publisher_options& how = {}, const subscriber_options& taken = {})
        : out{plane(), "robot/pose", wire::descriptor_of<Message>(), how},
          in{plane(), "robot/pose", nullptr, taken} {
        eventually([this] {
            everybody.refresh();
            return !everybody.take().subscriptions.empty();
        });
    }

    std::shared_ptr<link::control_plane> plane() const {
        return std::make_shared<link::control_plane>(
            link::plane_options{.directory = directory.path()});
    }

    void publish() {
        const Message message{};
        if (out.fits_slot(sizeof message)) {
            out.publish_inline(&message, sizeof message, {});
        } else {
            out.publish_loan(*out.loan(sizeof message, {}), sizeof message, {});
        }
    }

    received_message receive() {
        received_message message;
        in.wait_for({}, [&] { return in.try_open(message, buffer.data()); });
        return message;
    }

    subscription taken() const { return everybody.take().subscriptions.at(0); }
    publication published() const { return everybody.take().publications.at(0); }

    signet::testing::temporary_directory directory;
    topic_publisher out;
    topic_subscriber in;
    watch everybody{directory.path()};
    alignas(8) std::array<std::byte, 256> buffer{};
};

TEST(Watch, NobodyIsAnEmptySample) {
    const signet::testing::temporary_directory directory;
    watch nobody{directory.path() + "/none"};
    nobody.refresh();
    EXPECT_TRUE(nobody.take().publications.empty());
    EXPECT_EQ(nobody.take().processes, 0u);
}

TEST(Watch, APublisherIsReadWithoutBeingAsked) {
    pair_of_ends<pose> ends;
    ends.publish();
    ends.publish();
    const publication seen = ends.published();
    EXPECT_EQ(seen.of.topic, "robot/pose");
    EXPECT_EQ(seen.of.endpoint, ends.out.id());
    EXPECT_EQ(seen.published, 2u);
    EXPECT_EQ(seen.bytes, 2 * sizeof(pose));
    EXPECT_EQ(seen.subscriptions, 1u);
    EXPECT_GT(seen.memory_bytes, 0u);
}

TEST(Watch, ASubscriberLagsByWhatItHasNotRead) {
    pair_of_ends<pose> ends{{}, {.policy = transport::delivery::block}};
    for (int i = 0; i < 3; ++i) ends.publish();
    ends.receive();
    EXPECT_EQ(ends.taken().lag, 2u);
    EXPECT_EQ(ends.taken().received, 1u);
    EXPECT_EQ(ends.taken().publisher, ends.out.id());
}

TEST(Watch, LossesAreCounted) {
    pair_of_ends<pose> ends{{.depth = 4}};
    for (int i = 0; i < 20; ++i) ends.publish();
    ends.receive();
    EXPECT_GT(ends.taken().lost, 0u);
    EXPECT_EQ(ends.taken().lost, ends.in.counts().lost);
}

TEST(Watch, PassedOverMessagesAreCountedApartFromReceivedOnes) {
    pair_of_ends<pose> ends{{}, {.policy = transport::delivery::latest}};
    for (int i = 0; i < 5; ++i) ends.publish();
    ends.receive();
    received_message none;
    EXPECT_FALSE(ends.in.try_open(none, ends.buffer.data()));
    EXPECT_EQ(ends.taken().skipped, 4u);
    EXPECT_EQ(ends.taken().received, 1u);
}

TEST(Watch, AHeldSampleIsSeenWithItsNumberUntilItIsGivenBack) {
    pair_of_ends<picture> ends;
    ends.publish();
    const received_message held = ends.receive();
    ASSERT_EQ(ends.taken().held.size(), 1u);
    EXPECT_EQ(ends.taken().held[0].number, 0u);
    const auto age = ends.taken().held[0].age;
    EXPECT_TRUE(eventually([&] { return ends.taken().held[0].age > age; }));
    ends.in.release(held);
    EXPECT_TRUE(ends.taken().held.empty());
}

TEST(Watch, AMessageThatIsReadAtItsCursorIsHeldAndReceived) {
    pair_of_ends<picture> ends{{}, {.policy = transport::delivery::block}};
    ends.publish();
    ends.publish();
    const received_message held = ends.receive();
    subscription seen = ends.taken();
    ASSERT_EQ(seen.held.size(), 1u);
    EXPECT_TRUE(seen.held[0].number == 0 && seen.held[0].age == 0ns);
    EXPECT_TRUE(seen.received == 1 && seen.lag == 1u);
    ends.in.release(held);
    seen = ends.taken();
    EXPECT_TRUE(seen.held.empty() && seen.received == 1 && seen.lag == 1u);
}

TEST(Watch, AMessageThatStaysAtItsCursorAgesFromOneReadingToTheNext) {
    pair_of_ends<picture> ends{{}, {.policy = transport::delivery::block}};
    ends.publish();
    const received_message held = ends.receive();
    const reading before = ends.everybody.take();
    EXPECT_TRUE(eventually([&] {
        reading now = ends.everybody.take();
        add_rates(now, before);
        return now.subscriptions.at(0).held.at(0).age > 1ms;
    }));
    ends.in.release(held);
}

TEST(Watch, AMessageThatIsKeptIsHeldBesideTheOneAtTheCursor) {
    pair_of_ends<picture> ends{{}, {.policy = transport::delivery::block}};
    ends.publish();
    ends.publish();
    const received_message kept = ends.receive();
    const received_message last = ends.receive();
    EXPECT_EQ(ends.taken().held.size(), 2u);
    ends.in.release(last);
    ASSERT_EQ(ends.taken().held.size(), 1u);
    EXPECT_EQ(ends.taken().held[0].number, 0u);
    ends.in.release(kept);
    EXPECT_TRUE(ends.taken().held.empty());
}

TEST(Watch, TimedMessagesHaveALatency) {
    pair_of_ends<pose> ends{{.timestamps = true}};
    ends.publish();
    ends.receive();
    ASSERT_TRUE(ends.taken().latency);
    EXPECT_EQ(ends.taken().latency->total(), 1u);
    EXPECT_GT(ends.taken().latency->quantile(1), 0ns);
}

TEST(Watch, MessagesWithoutATimeHaveNoLatency) {
    pair_of_ends<pose> ends;
    EXPECT_FALSE(ends.taken().latency);
}

TEST(Watch, AReadingMakesNoSystemCall) {
    pair_of_ends<picture> ends{{.timestamps = true}};
    ends.publish();
    const received_message held = ends.receive();
    signet::testing::scripted_kernel kernel;
    kernel.fail_any(EIO, 1);
    EXPECT_EQ(ends.taken().held.size(), 1u);
    EXPECT_EQ(kernel.failed_number(), -1);
    ends.in.release(held);
}

TEST(Watch, NobodyIsAskedAgainWhileNobodyComesOrGoes) {
    pair_of_ends<pose> ends;
    EXPECT_FALSE(ends.everybody.refresh_if_due(1h));
    const topic_publisher another{ends.plane(), "robot/arm", wire::descriptor_of<pose>(), {}};
    EXPECT_TRUE(ends.everybody.refresh_if_due(1h));
    EXPECT_EQ(ends.everybody.take().publications.size(), 2u);
}

TEST(Watch, ASubscriberWithoutPublisherIsABystander) {
    const signet::testing::temporary_directory directory;
    const topic_subscriber alone{
        std::make_shared<link::control_plane>(link::plane_options{.directory = directory.path()}),
        "robot/pose",
        nullptr,
        {}};
    watch everybody{directory.path()};
    everybody.refresh();
    ASSERT_EQ(everybody.take().bystanders.size(), 1u);
    EXPECT_EQ(everybody.take().bystanders[0].of.problem, "");
}

TEST(Watch, MorePagesThanAreHandedOverAtOnceAllArrive) {
    const signet::testing::temporary_directory directory;
    const auto here =
        std::make_shared<link::control_plane>(link::plane_options{.directory = directory.path()});
    std::vector<std::unique_ptr<topic_publisher>> many;
    for (std::size_t i = 0; i < 2 * link::pages_at_once + 5; ++i) {
        many.push_back(std::make_unique<topic_publisher>(
            here, "topic/" + std::to_string(i), wire::descriptor_of<pose>(), publisher_options{}));
    }
    watch everybody{directory.path()};
    everybody.refresh(60s);
    EXPECT_EQ(everybody.take().publications.size(), many.size());
}

TEST(Watch, AMappedPageKeepsNoDescriptorOpen) {
    pair_of_ends<pose> ends;
    const int before = signet::testing::open_descriptors();
    for (int i = 0; i < 5; ++i) ends.everybody.refresh();
    // The other end of our last link is closed by the threads of those who were asked.
    EXPECT_TRUE(eventually([&] { return signet::testing::open_descriptors() <= before; }));
}

// ---- those who lie ------------------------------------------------------------------------------

/// A context that says it has a subscriber, and shows `file` as its page.
class liar {
public:
    liar(const std::string& path, os::descriptor file)
        : place_{path}, listener_{place_.listen(7)}, file_{std::move(file)} {
        thread_ = std::jthread{[this](const std::stop_token& stop) { serve(stop); }};
    }
    ~liar() {
        thread_ = {};
        place_.withdraw(7);
    }

private:
    void serve(const std::stop_token& stop) {
        std::optional<os::seqpacket_socket> socket;
        while (!socket && !stop.stop_requested()) socket = listener_.try_accept();
        if (!socket) return;
        using namespace link;
        wire::frame_writer report{kind::report};
        report.put(key::left, 0u).put(key::from, 5u).put(key::topic, std::string_view{"a"});
        socket->try_send(report.put(key::side, std::string_view{"subscriber"}).take());
        wire::frame_writer page{kind::page};
        page.put(key::left, 0u).put(key::from, 5u).put(key::publisher, 9u);
        socket->try_send(page.put(key::held_max, ~0u).put(key::timed, true).take(),
                         std::array{file_.get()});
        while (!stop.stop_requested()) std::this_thread::yield();
    }

    link::rendezvous place_;
    os::seqpacket_listener listener_;
    os::descriptor file_;
    std::jthread thread_;
};

struct WatchALiar : ::testing::Test {
    reading seen_with(os::descriptor file) {
        const liar one{directory.path(), std::move(file)};
        watch everybody{directory.path()};
        everybody.refresh(60s);
        return everybody.take();
    }
    signet::testing::temporary_directory directory;
};

TEST_F(WatchALiar, AnUnsealedPageIsNotMapped) {
    const auto bytes = sizeof(memory::subscriber_page);
    EXPECT_TRUE(seen_with(os::create_memfd("lies", bytes)).subscriptions.empty());
}

TEST_F(WatchALiar, APageThatIsTooShortIsNotMapped) {
    EXPECT_TRUE(
        seen_with(transport::shm::create_own_memory("lies", 4096).file).subscriptions.empty());
}

TEST_F(WatchALiar, SomethingThatIsNoPageOfCountsIsNotMapped) {
    auto memory = transport::shm::create_own_memory("lies", sizeof(memory::subscriber_page));
    EXPECT_TRUE(seen_with(std::move(memory.file)).subscriptions.empty());
}

TEST_F(WatchALiar, APageFullOfOnesIsReadWithoutHarm) {
    auto memory = transport::shm::create_own_memory("lies", sizeof(memory::subscriber_page));
    std::memset(memory.bytes.data(), 0xff, sizeof(memory::subscriber_page));
    auto& page = *reinterpret_cast<memory::subscriber_page*>(memory.bytes.data());
    page.magic.store(memory::subscriber_magic, std::memory_order_relaxed);
    page.version.store(memory::topic_layout_version, std::memory_order_relaxed);
    const reading all = seen_with(std::move(memory.file));
    ASSERT_EQ(all.subscriptions.size(), 1u);
    EXPECT_EQ(all.subscriptions[0].held.size(), memory::held_max_limit);
    EXPECT_EQ(all.subscriptions[0].held[0].age, 0ns);
    EXPECT_FALSE(all.subscriptions[0].lag);
}

}  // namespace
}  // namespace signet::observe
