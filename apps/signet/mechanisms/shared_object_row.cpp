// SPDX-License-Identifier: Apache-2.0
// A message is a value of a shared object, which is changed at once and waited for.
#include "catalogue.hpp"
#include "guarded_slot.hpp"

#include <signet/shared.hpp>

namespace signet::command {

/// Small enough to be changed on a copy.
struct shared_message {
    std::uint64_t full;
    std::uint64_t bytes;
    std::uint8_t message[4096];
};

namespace {

class shared_end final : public mechanism_end {
public:
    shared_end(const std::string& directory, const char* mouth, const char* ear)
        : in_{open_tour(directory)}, mouth_{in_, mouth}, ear_{in_, ear} {}

    void send(std::span<const std::byte> message) override {
        mouth_.wait([](const shared_message& now) { return now.full == 0; });
        mouth_.with([&](shared_message& now) {
            std::memcpy(now.message, message.data(), std::min(message.size(), sizeof now.message));
            now.bytes = message.size();
            now.full = 1;
        });
    }

    void receive(std::span<std::byte> buffer) override {
        const shared_message got =
            ear_.wait([](const shared_message& now) { return now.full == 1; });
        if (got.bytes != buffer.size()) throw std::runtime_error{"a message has another length"};
        std::memcpy(buffer.data(), got.message, std::min(buffer.size(), sizeof got.message));
        ear_.with([](shared_message& now) { now.full = 0; });
    }

private:
    region in_;
    shared<shared_message> mouth_;
    shared<shared_message> ear_;
};

}  // namespace

mechanism shared_object_row() {
    return {.name = "shared object",
            .header = "signet/shared.hpp",
            .boundaries = true,
            .direction = "any to any",
            .persistence = "until its region is removed",
            .left_behind = "the value before or after its change, whole",
            .use_when = "processes share a state that is plain data, and want the latest of it",
            .stream_bytes = sizeof(shared_message::message),
            .prepare = &prepare_region<shared_end>};
}

}  // namespace signet::command
