// SPDX-License-Identifier: Apache-2.0
// A peer that shakes hands and lies in its welcome, or in its join: it is refused with the reason,
// nothing of what it sent is kept, and the one it lied to goes on.
#include "../actors/actor.hpp"
#include "../actors/self_checking.hpp"
#include "handmade.hpp"

#include <signet/error.hpp>
#include <signet/os/event.hpp>
#include <signet/os/memfd.hpp>
#include <signet/testing/failures.hpp>
#include <signet/transport/shm/shared_memory.hpp>

#include <gtest/gtest.h>

namespace signet::tests {
namespace {

using memory::topic_geometry;
using testing::eventually;
using testing::watchdog;
using transport::shm::create_group_memory;
using transport::shm::create_own_memory;

using message = self_checking<20>;

constexpr topic_geometry sound{
    .depth = 64, .slot_bytes = 192, .payload_bytes_max = 176, .chunk_bytes = 0, .chunk_count = 0};

/// What a subscriber says of a publisher that welcomes it with this geometry and these descriptors.
class deceived {
public:
    std::string complaint_about(const topic_geometry& said, const os::descriptor& segment,
                                const os::descriptor& bells) {
        handmade_link liar{place_.path(), "t", link::role::subscriber};
        liar.announce("t");
        const auto asked = liar.await(kind::join);
        EXPECT_TRUE(asked);
        liar.welcome(wire::descriptor_of<message>(), said,
                     std::array{segment.get(), bells.get(), event_.fd(), event_.fd()});
        return testing::complaint_of(
            [&] { eventually([&] { return in_.try_receive() || in_.publishers() != 0; }); });
    }

    std::string complaint_about(const topic_geometry& said) {
        return complaint_about(said, create_own_memory("liar", sound.segment_bytes()).file,
                               bells());
    }

    static os::descriptor bells() {
        return std::move(create_group_memory("liar", sizeof(memory::subscriber_page)).file);
    }

private:
    own_rendezvous place_;
    subscriber<message> in_{context{}, "t"};
    os::event event_;
};

TEST(HostileWelcome, OfSlotsThatAreTooSmallForItsTypeIsRefused) {
    topic_geometry small = sound;
    small.slot_bytes = 64;
    small.payload_bytes_max = 48;
    const std::string complaint = deceived{}.complaint_about(
        small, create_own_memory("liar", small.segment_bytes()).file, deceived::bells());
    EXPECT_NE(complaint.find("do not hold its messages"), std::string::npos) << complaint;
}

TEST(HostileWelcome, OfAnImpossibleGeometryIsRefused) {
    topic_geometry odd = sound;
    odd.depth = 63;
    topic_geometry none = sound;
    none.depth = 0;
    topic_geometry vast = sound;
    vast.chunk_bytes = std::uint64_t{1} << 63;
    vast.chunk_count = 2;  // their product is 0
    topic_geometry wide = sound;
    wide.slot_bytes = 4096;
    for (const topic_geometry& said : {odd, none, vast, wide}) {
        const std::string complaint = deceived{}.complaint_about(said);
        EXPECT_NE(complaint.find("impossible"), std::string::npos) << complaint;
    }
}

TEST(HostileWelcome, OfASegmentThatIsShorterThanSaidIsRefused) {
    const auto shorter = create_own_memory("liar", sound.segment_bytes() - memory::page_bytes);
    const auto complaint = deceived{}.complaint_about(sound, shorter.file, deceived::bells());
    EXPECT_NE(complaint.find("size"), std::string::npos) << complaint;
}

TEST(HostileWelcome, OfASegmentThatCanBePunchedIsRefused) {
    const auto loose = create_group_memory("liar", sound.segment_bytes());
    const auto complaint = deceived{}.complaint_about(sound, loose.file, deceived::bells());
    EXPECT_NE(complaint.find("sealed"), std::string::npos) << complaint;
}

TEST(HostileWelcome, OfASocketInPlaceOfBellsIsRefused) {
    const auto segment = create_own_memory("liar", sound.segment_bytes());
    const os::event no_bells;
    const auto complaint = deceived{}.complaint_about(sound, segment.file, no_bells.handle());
    EXPECT_NE(complaint.find("plain memory"), std::string::npos) << complaint;
}

TEST(HostileJoin, IsGrantedNoMoreHoldsThanAPageHas) {
    const own_rendezvous place;
    publisher<large_message> out{context{}, "t"};
    handmade_link liar{place.path(), "t", link::role::publisher};
    const auto page = create_own_memory("liar", sizeof(memory::subscriber_page));
    liar.join(wire::descriptor_of<large_message>(), ~std::uint64_t{0}, page.file.get());
    const auto answer = liar.await(kind::welcome);
    ASSERT_TRUE(answer);
    EXPECT_LE(answer->frame.u64(key::held_max), memory::held_max_limit);
}

TEST(HostileJoin, WithAPageThatItMayCutShortIsRefused) {
    const own_rendezvous place;
    publisher<large_message> out{context{}, "t"};
    handmade_link liar{place.path(), "t", link::role::publisher};
    const auto page = os::create_memfd("liar", sizeof(memory::subscriber_page));
    liar.join(wire::descriptor_of<large_message>(), 4, page.get());
    const auto answer = liar.await(kind::refuse, kind::welcome);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->frame.kind(), kind::refuse);
    EXPECT_EQ(out.subscribers(), 0u);
}

TEST(HostileJoin, OfTheSameEndpointTwiceEndsTheLink) {
    const own_rendezvous place;
    publisher<large_message> out{context{}, "t"};
    handmade_link liar{place.path(), "t", link::role::publisher};
    const auto page = create_own_memory("liar", sizeof(memory::subscriber_page));
    for (int i = 0; i < 2; ++i) {
        liar.join(wire::descriptor_of<large_message>(), 4, page.file.get());
    }
    EXPECT_TRUE(liar.await(kind::refuse));
    EXPECT_FALSE(liar.await(kind::refuse));
    EXPECT_TRUE(eventually([&] { return out.subscribers() == 0; }));
}

TEST(HostileJoin, AFarewellInTheNameOfAnotherIsNotBelieved) {
    const own_rendezvous place;
    publisher<large_message> out{context{}, "t"};
    const subscriber<large_message> in{context{}, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    handmade_link liar{place.path(), "t", link::role::publisher};
    liar.send(wire::frame_writer{kind::leave}
                  .put(key::to, liar.other())
                  .put(key::from, out.statuses().at(0).endpoint)
                  .take());
    const auto page = create_own_memory("liar", sizeof(memory::subscriber_page));
    liar.join(wire::descriptor_of<large_message>(), 1, page.file.get());
    ASSERT_TRUE(liar.await(kind::welcome)) << "what came before is processed";
    EXPECT_EQ(out.subscribers(), 2u);
}

TEST(HostileLink, WhoAsksWithoutEndAndReadsNoAnswerIsGivenUp) {
    const own_rendezvous place;
    publisher<small_message> out{context{}, "t"};
    handmade_link liar{place.path(), "t", link::role::publisher};
    const auto question = wire::frame_writer{kind::inspect}.take();
    EXPECT_TRUE(eventually([&] {
        liar.send(question);
        return !liar.open();
    }));
    const subscriber<small_message> in{context{}, "t"};
    EXPECT_TRUE(out.wait_for_subscribers_for(1, watchdog));
}

}  // namespace
}  // namespace signet::tests
