// SPDX-License-Identifier: Apache-2.0
// A process of the same user that talks nonsense on the control link: the context it talks to stays
// usable, loses no descriptor and stops nobody.
#include "../actors/actor.hpp"
#include "../actors/self_checking.hpp"
#include "options.hpp"

#include <signet/error.hpp>
#include <signet/link/protocol.hpp>
#include <signet/link/rendezvous.hpp>
#include <signet/os/event.hpp>
#include <signet/os/memfd.hpp>
#include <signet/testing/failures.hpp>
#include <signet/transport/shm/shared_memory.hpp>
#include <signet/wire/describe.hpp>
#include <signet/wire/descriptor_codec.hpp>
#include <signet/wire/frame.hpp>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <random>

namespace signet::tests {
namespace {

using testing::eventually;
using testing::watchdog;

class hostile_client {
public:
    hostile_client(const std::string& directory, std::uint64_t seed)
        : place_{directory}, random_{seed} {}

    /// Connects to anybody on the list of `topic`, sends some frames, and goes away.
    void attack(std::string_view topic) {
        const auto all = place_.list(topic);
        if (all.empty()) return;
        const link::listing target = all[random_() % all.size()];
        auto socket = place_.connect(topic, target, after(watchdog));
        if (!socket) return;
        if (random_() % 4 != 0) socket->try_send(hello());
        for (std::uint64_t i = random_() % 8; i != 0; --i) {
            if (socket->try_send(frame(target), descriptors()) != os::send_result::sent) return;
        }
    }

private:
    std::vector<std::byte> hello() {
        return wire::frame_writer{link::kind::hello}
            .put(link::key::version, random_() % 8 == 0 ? random_() : link::protocol_version)
            .put(link::key::context, random_())
            .put(link::key::pid, random_())
            .put(link::key::command, std::string_view{"hostile"})
            .take();
    }

    std::vector<std::byte> frame(const link::listing& target) {
        constexpr std::array kinds{link::kind::join,     link::kind::welcome, link::kind::leave,
                                   link::kind::announce, link::kind::refuse,  link::kind::goodbye};
        wire::frame_writer writer{kinds[random_() % kinds.size()]};
        if (random_() % 8 != 0) writer.put(link::key::to, target.endpoint);
        writer.put(link::key::from, random_() % 4);
        writer.put(link::key::topic, std::string_view{"t"});
        for (const auto key : {link::key::policy, link::key::held_max, link::key::start,
                               link::key::depth, link::key::slot_bytes, link::key::chunk_bytes,
                               link::key::chunk_count, link::key::fence, link::key::code}) {
            writer.put(key, random_() >> (random_() % 64));
        }
        writer.put(link::key::payload_bytes_max, random_() % 100);
        if (random_() % 2 == 0) writer.put(link::key::type, type());
        writer.put(link::key::reason, std::string_view{"because"});
        auto bytes = writer.take();
        spoil(bytes);
        return bytes;
    }

    std::vector<std::byte> type() {
        auto bytes = wire::encode(wire::descriptor_of<small_message>());
        if (random_() % 2 == 0) spoil(bytes);
        return bytes;
    }

    void spoil(std::vector<std::byte>& bytes) {
        if (random_() % 3 == 0) bytes.resize(1 + random_() % bytes.size());
        for (std::uint64_t i = random_() % 3; i != 0; --i) {
            bytes[random_() % bytes.size()] = static_cast<std::byte>(random_());
        }
    }

    std::vector<int> descriptors() {
        std::vector<int> some(random_() % 6, 0);
        const std::array kinds{0,           loose_.get(), sealed_.get(), short_.get(),
                               huge_.get(), event_.fd()};
        for (int& fd : some) fd = kinds[random_() % kinds.size()];
        return some;
    }

    static os::descriptor sealed(std::uint64_t bytes) {
        return std::move(transport::shm::create_own_memory("hostile", bytes).file);
    }

    link::rendezvous place_;
    std::mt19937_64 random_;
    os::descriptor loose_ = os::create_memfd("hostile", memory::page_bytes);
    os::descriptor sealed_ = sealed(memory::page_bytes);
    os::descriptor short_ = sealed(1);
    os::descriptor huge_{memfd_create("hostile", MFD_CLOEXEC | MFD_HUGETLB)};
    os::event event_;
};

/// One that says it publishes and then refuses is an error, said once; the subscriber goes on.
small_message receive_despite_refusals(subscriber<small_message>& in) {
    for (;;) {
        try {
            return *in.receive_for(watchdog);
        } catch (const error&) {
        }
    }
}

TEST(HostileLink, NonsenseDisturbsNobody) {
    const own_rendezvous place;
    const context here{};
    const context there{};
    publisher<small_message> out{here, "t"};
    subscriber<small_message> in{there, "t", {.policy = delivery::block}};
    ASSERT_TRUE(eventually([&] { return !in.try_receive() && in.publishers() == 1; }));
    const int before = testing::open_descriptors();
    small_message message;
    {
        const int attacks = rounds_wanted() / 100;
        hostile_client client{place.path(), seed_wanted(attacks)};
        for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(attacks); ++i) {
            client.attack("t");
            fill(message, 1, i);
            ASSERT_TRUE(out.publish_for(message, watchdog));
            ASSERT_EQ(receive_despite_refusals(in).number, i);
        }
    }
    EXPECT_TRUE(eventually([&] { return testing::open_descriptors() <= before; }));
}

TEST(HostileLink, ANewcomerStillJoinsUnderAttack) {
    const own_rendezvous place;
    const context here{};
    publisher<small_message> out{here, "t"};
    std::jthread attacker{[&](std::stop_token stop) {
        for (hostile_client client{place.path(), 2}; !stop.stop_requested();) client.attack("t");
    }};
    for (int i = 0; i < 20; ++i) {
        const subscriber<small_message> in{context{}, "t"};
        EXPECT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    }
}

}  // namespace
}  // namespace signet::tests
