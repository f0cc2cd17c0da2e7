// SPDX-License-Identifier: Apache-2.0
// A queue in plain memory, for tests. One thread, but for lanes and readers of one's own.
#pragma once

#include <signet/memory/queue_lane.hpp>
#include <signet/memory/queue_moving.hpp>
#include <signet/memory/queue_reader.hpp>
#include <signet/memory/queue_recovery.hpp>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace signet::memory {

class queue_bed {
public:
    static constexpr queue_geometry small{.page_bytes = 1024,
                                          .pages = 4,
                                          .slots = 8,
                                          .seats = 4,
                                          .message_bytes_max = 2500,
                                          .priorities = 2,
                                          .id = 77};

    explicit queue_bed(const queue_geometry& shape = small)
        : memory_{static_cast<std::byte*>(std::aligned_alloc(4096, up_to_page(shape.bytes())))},
          words{memory_.get(), shape} {
        std::memset(memory_.get(), 0, shape.bytes());
        const std::string begin = queue_beginning(shape, {});
        std::memcpy(memory_.get(), begin.data(), begin.size());
    }

    queue_lane lane(std::uint32_t seat, std::uint32_t priority = 0) const {
        return {words, seat, priority,
                queue_peers{.vacant = [this](std::uint32_t of) { return of == vacant; },
                            .fence_all = ends_idle_pages ? fence_here : fence_all_pushers{},
                            .spare = spare}};
    }
    queue_reader reader(lanes_of which = lanes_of::messages) const {
        return {words, which, [] { return now_ns; }};
    }
    static stamp owner(std::uint32_t seat) { return {seat, 1000 + seat}; }

    static bool push(queue_lane& into, std::string_view text, record_facts facts = {}) {
        const auto record = into.reserve(text.size(), facts);
        if (!record) return false;
        write(*record, text);
        into.publish(*record, text.size(), facts,
                     facts.due_ns == 0 ? record_state::ready : record_state::delayed);
        return true;
    }
    static void write(const reserved_record& record, std::string_view text) {
        copy_in(reinterpret_cast<shared_word<std::uint64_t>*>(record.payload), text.data(),
                text.size());
    }

    static std::string text_of(const queue_record& record) {
        return {reinterpret_cast<const char*>(record.payload.data()), record.payload.size()};
    }
    /// Takes one and finishes it; "-" where there is none, "?" where it is not sound.
    std::string pop(queue_reader& from, std::uint32_t seat = 3) const {
        const auto taken = from.take(owner(seat));
        if (!taken) return "-";
        std::string text = taken->sound ? text_of(taken->record) : "?";
        finish(taken->record.place);
        return text;
    }
    bool finish(const record_place& place) const {
        if (!finish_record(words, place, record_state::done)) return false;
        free_behind(words, place);
        return true;
    }

    queue_mover mover(std::uint32_t seat) const {
        return {owner(seat), now_ns, [this](std::uint32_t of) { return of == vacant; },
                ends_idle_pages ? fence_here : fence_all_pushers{}};
    }

    std::uint32_t free_pages() const {
        std::uint32_t count = 0;
        for (std::uint32_t i = 0; i < words.shape().pages; ++i) {
            // relaxed: one thread
            const page_word word{words.page(i).load(std::memory_order_relaxed)};
            if (word.state() == page_state::free) ++count;
        }
        return count;
    }

    inline static std::uint64_t now_ns = 1;

private:
    static void fence_here() { fence(std::memory_order_seq_cst); }  // SYNC pusher

    struct give_back {
        void operator()(std::byte* memory) const { std::free(memory); }
    };
    std::unique_ptr<std::byte, give_back> memory_;

public:
    queue_words words;
    std::uint32_t vacant = 99;  ///< a seat
    bool ends_idle_pages = true;
    std::uint32_t spare = 0;  ///< pages
};

}  // namespace signet::memory
