// SPDX-License-Identifier: Apache-2.0
// A process that joins a topic properly, as a publisher and as a subscriber, and then rewrites
// everything it may write as fast as it can, until it is killed. It never leaves its trust group's
// ground: it does not clear O_NONBLOCK of the group's events, which blocks who rings
// (docs/formats.md says who gets them). Uses SIGNET_DIR.
//
//     signet_attacker TOPIC small|large SEED
#include "../actors/self_checking.hpp"
#include "handmade.hpp"

#include <signet/error.hpp>
#include <signet/life/rendezvous_directory.hpp>
#include <signet/memory/broadcast_ring.hpp>
#include <signet/os/event.hpp>
#include <signet/os/futex.hpp>
#include <signet/transport/shm/shared_memory.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

namespace signet::tests {
namespace {

using memory::topic_geometry;
using transport::shm::shared_memory;
using word = memory::shared_word<std::uint64_t>;

constexpr std::uint64_t depth = 8;

template <class Message>
constexpr topic_geometry geometry_for() {
    constexpr bool small = sizeof(Message) <= 48;
    constexpr std::uint64_t chunk = (sizeof(Message) + 63) / 64 * 64;
    return {depth, 64, sizeof(Message), small ? 0 : chunk, small ? 0 : 12};
}

class attacker {
public:
    attacker(std::string topic, std::uint64_t seed)
        : directory_{life::default_rendezvous_path()}, topic_{std::move(topic)}, random_{seed} {}

    /// Joins both ends of the topic, attacks for a while, and goes without a word.
    template <class Message>
    void attack() {
        const topic_geometry g = geometry_for<Message>();
        segment_ = transport::shm::create_own_memory("attack", g.segment_bytes());
        bells_ = transport::shm::create_group_memory("attack", memory::page_bytes);
        page_ = transport::shm::create_own_memory("attack", sizeof(memory::subscriber_page));
        fill_ring<Message>(g);
        handmade_link to_subscriber{directory_, topic_, link::role::subscriber};
        to_subscriber.announce(topic_);
        if (!to_subscriber.await(kind::join)) return;
        to_subscriber.welcome(
            wire::descriptor_of<Message>(), g,
            std::array{segment_.file.get(), bells_.file.get(), event_.fd(), event_.fd()});
        handmade_link to_publisher{directory_, topic_, link::role::publisher};
        to_publisher.join(wire::descriptor_of<Message>(), memory::held_max_limit, page_.file.get());
        auto welcomed = to_publisher.await(kind::welcome, kind::refuse);
        if (!welcomed || welcomed->descriptors.size() != 4) return;
        given_ = std::move(welcomed->descriptors);
        their_bells_ = os::mapping::read_write(given_[1], memory::page_bytes);
        for (int i = 0; i < 100'000; ++i) strike(i);
    }

private:
    /// A ring that looks right, as bait.
    template <class Message>
    void fill_ring(const topic_geometry& g) {
        memory::ring_writer ring{segment_.bytes.data(), g};
        Message message;
        for (std::uint64_t i = 0; i < depth; ++i) {
            fill(message, 0, i);
            if (g.chunk_count == 0) {
                ring.publish_inline(&message, sizeof message);
            } else {
                ring.publish_chunk(static_cast<std::uint32_t>(i), sizeof message);
            }
        }
        slots_ = g.slots_offset();
        slots_bytes_ = g.depth * g.slot_bytes;
        likely_ = g.chunk_count == 0
                      ? memory::payload_shape::of_inline(sizeof message)
                      : memory::payload_shape::of_chunk(sizeof message, g.chunk_count - 1);
    }

    void strike(int i) {
        scribble(segment_.bytes.data() + slots_, slots_bytes_);
        scribble(segment_.bytes.data(), 256);
        scribble(page_.bytes.data(), memory::page_bytes);
        if (i % 64 == 0) scribble(bells_.bytes.data(), 128);
        if (i % 64 == 1) scribble(their_bells_.data(), 128);
        if (i % 256 == 0) strike_with_the_kernel();
    }

    void scribble(std::byte* where, std::size_t bytes) {
        auto* const words = reinterpret_cast<word*>(where);
        words[random_() % (bytes / sizeof(word))].store(invent(), std::memory_order_relaxed);
    }

    std::uint64_t invent() {
        switch (random_() % 6) {
            case 0: return random_();
            case 1: return ~std::uint64_t{0} - random_() % 4;
            case 2: return likely_ + (random_() % 4 << 32);
            case 3: return 0;
            default: return random_() % 64;
        }
    }

    /// All of it is refused, or hurts nobody.
    void strike_with_the_kernel() {
        const int segment = given_[0].get();
        switch (random_() % 12) {
            case 0: fallocate(segment, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 8192); break;
            case 1: ignore(ftruncate(segment, 0)); break;
            case 2: ignore(ftruncate(given_[1].get(), 0)); break;
            case 3: ignore(pwrite(segment, "x", 1, 64)); break;
            case 4: mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, segment, 0); break;
            case 5: flood(given_[2]); break;
            case 6: flood(given_[3]); break;
            case 7: drain(given_[2].get()); break;
            case 8: drain(given_[3].get()); break;
            case 9: wake_everybody(); break;
            case 10: ignore(ftruncate(page_.file.get(), 0)); break;
            default:
                if (random_() % 64 == 0) raise(SIGSTOP);
        }
    }

    static void ignore(long) {}

    static void flood(const os::descriptor& event) {
        const std::uint64_t most = ~std::uint64_t{0} - 1;
        ignore(write(event.get(), &most, sizeof most));
    }

    static void drain(int event) {
        std::uint64_t count = 0;
        ignore(read(event, &count, sizeof count));
    }

    void wake_everybody() {
        auto& bells = *reinterpret_cast<memory::bell_page*>(their_bells_.data());
        os::futex_wake(*bells.data.epoch.address(), INT_MAX);
        os::futex_wake(*bells.room.epoch.address(), INT_MAX);
    }

    std::string directory_;
    std::string topic_;
    std::mt19937_64 random_;
    shared_memory segment_;
    shared_memory bells_;
    shared_memory page_;
    os::event event_;
    std::vector<os::descriptor> given_;
    os::mapping their_bells_;
    std::uint64_t slots_ = 0;
    std::uint64_t slots_bytes_ = 0;
    std::uint64_t likely_ = 0;
};

[[noreturn]] void attack_for_ever(const std::string& topic, bool small, std::uint64_t seed) {
    attacker one{topic, seed};
    for (;;) {
        try {
            small ? one.attack<small_message>() : one.attack<large_message>();
        } catch (const error&) {
            // Whoever it talked to hung up: again.
        }
    }
}

}  // namespace
}  // namespace signet::tests

int main(int count, char** words) {
    if (count != 4) return 2;
    signet::tests::attack_for_ever(words[1], words[2] == std::string{"small"},
                                   std::strtoull(words[3], nullptr, 10));
}
