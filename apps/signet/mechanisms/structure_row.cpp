// SPDX-License-Identifier: Apache-2.0
// A list that grows in the region's memory: each message is allocated there, and released by who
// took it. A mutex guards it, and the semaphores keep it short.
#include "catalogue.hpp"
#include "guarded_slot.hpp"

#include <signet/sync.hpp>

#include <mutex>

namespace signet::command {
namespace {

constexpr std::uint32_t messages_max = 16;

struct list_node {
    sync::offset_ptr<list_node> next;
    std::uint64_t bytes;
};

struct message_list {
    sync::offset_ptr<list_node> first;
    sync::offset_ptr<list_node> last;
};

class list_way {
public:
    list_way(const region& in, const std::string& name)
        : list_{in, name + " list"},
          guard_{in, name, {.repair = [this] { list_.rebuild(); }}},
          room_{in, name + " room", messages_max},
          full_{in, name + " full", 0} {}

    void send(std::span<const std::byte> message) {
        room_.acquire();
        void* const place =
            list_.allocates().allocate(sizeof(list_node) + message.size(), alignof(list_node));
        auto* const made = new (place) list_node{{}, message.size()};
        std::memcpy(bytes_of(made), message.data(), message.size());
        append(made);
        full_.release();
    }

    void receive(std::span<std::byte> buffer) {
        full_.acquire();
        list_node* const got = take_first();
        if (got->bytes != buffer.size()) throw std::runtime_error{"a message has another length"};
        std::memcpy(buffer.data(), bytes_of(got), buffer.size());
        list_.allocates().release(got);
        room_.release();
    }

private:
    static std::byte* bytes_of(list_node* node) { return reinterpret_cast<std::byte*>(node + 1); }

    void append(list_node* made) {
        const std::scoped_lock mine{guard_};
        (list_->last ? list_->last->next : list_->first) = made;
        list_->last = made;
    }

    list_node* take_first() {
        const std::scoped_lock mine{guard_};
        list_node* const first = list_->first.get();
        list_->first = first->next;
        if (!list_->first) list_->last = nullptr;
        return first;
    }

    structure<message_list> list_;
    mutex guard_;
    semaphore room_;
    semaphore full_;
};

class structure_end final : public mechanism_end {
public:
    structure_end(const std::string& directory, const char* mouth, const char* ear)
        : in_{region{"tour", {.directory = directory, .bytes = 1 << 23}}},
          mouth_{in_, mouth},
          ear_{in_, ear} {}

    void send(std::span<const std::byte> message) override { mouth_.send(message); }
    void receive(std::span<std::byte> buffer) override { ear_.receive(buffer); }

private:
    region in_;
    list_way mouth_;
    list_way ear_;
};

}  // namespace

mechanism structure_row() {
    return {.name = "structure",
            .header = "signet/structure.hpp",
            .boundaries = true,
            .direction = "any to any",
            .persistence = "until its region is removed",
            .left_behind = "what it had changed; it is built anew where that was half done",
            .use_when = "processes share data that grows, without copying it",
            .prepare = &prepare_region<structure_end>};
}

}  // namespace signet::command
