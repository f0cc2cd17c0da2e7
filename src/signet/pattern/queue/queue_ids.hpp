// SPDX-License-Identifier: Apache-2.0
// The ids of the messages that were pushed to a queue lately, so that a second one is dropped: I1
// to I4 of docs/design/queues.md. An id is `pending` while its message is being pushed, and `sure`
// from then on; who dies between these two left a record of it, or none.
//
// Thread safety: any thread. Each call holds the lock of one set of eight, and waits for nothing
// else; where who has that is stopped, all ids of the set are pending. A set that is full of young
// ids forgets its oldest (counted).
#pragma once

#include <signet/memory/queue_layout.hpp>
#include <signet/memory/queue_record.hpp>
#include <signet/sync/region_core.hpp>

#include <cstdint>

namespace signet::pattern {

class queue_ids {
public:
    queue_ids(const sync::region_core& in, const memory::queue_words& words) noexcept
        : in_{&in}, words_{words} {}

    enum class verdict {
        fresh,      ///< push it, and then say `sure`, or `withdraw`
        duplicate,  ///< it was pushed within the window
        pending,    ///< somebody is pushing it just now
    };
    struct key {
        std::uint64_t words[2] = {};
    };
    struct claim {
        verdict is = verdict::fresh;
        memory::queue_id_entry* entry = nullptr;  ///< where it is fresh and compared
        memory::queue_id_set* set = nullptr;
        key forgotten{};  ///< which it took the place of
        std::uint64_t forgotten_ns = 0;
    };

    /// I1, I2. Where the queue compares no ids, all are fresh.
    claim begin(const memory::message_id& id, std::uint64_t now_ns) const;

    /// I4.
    static void sure(const claim& of) noexcept;

    /// It was not pushed. An id that was forgotten for it is remembered again.
    void withdraw(const claim& of) const noexcept;

    /// Whether `begin` would say `pending`, by the entries as they are just now.
    bool is_pending(const memory::message_id& id, std::uint64_t now_ns) const;

private:
    static key key_of(const memory::message_id& id) noexcept;
    memory::queue_id_set& set_of(const key& id) const noexcept;
    static bool is(const memory::queue_id_entry& entry, const key& id) noexcept;
    bool is_young(const memory::queue_id_entry& entry, std::uint64_t now_ns) const noexcept;
    claim decide(memory::queue_id_entry& entry, const memory::message_id& id,
                 std::uint64_t now_ns) const;
    bool restore(const claim& of) const;
    bool has_record(const memory::message_id& id, std::uint64_t now_ns) const;
    claim enter(memory::queue_id_set& set, const key& id, std::uint64_t now_ns) const;

    const sync::region_core* in_;
    memory::queue_words words_;
};

}  // namespace signet::pattern
