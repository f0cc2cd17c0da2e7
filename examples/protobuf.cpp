// SPDX-License-Identifier: Apache-2.0
// Protobuf messages on a topic: one codec teaches Signet all of them. Any other library that turns
// its objects into bytes is joined in the same way.
#include <signet/codec.hpp>
#include <signet/error.hpp>
#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>

#include <protobuf.pb.h>

#include <concepts>
#include <cstdio>
#include <span>
#include <stdexcept>
#include <string>

template <std::derived_from<google::protobuf::Message> Message>
struct signet::codec<Message> {
    static std::string name() { return "protobuf:" + Message::descriptor()->full_name(); }

    static std::size_t bytes(const Message& message) { return message.ByteSizeLong(); }

    static void encode(const Message& message, std::span<std::byte> to) {
        message.SerializeToArray(to.data(), static_cast<int>(to.size()));
    }

    static Message decode(std::span<const std::byte> from) {
        // A copy of its own: Protobuf is not made for bytes that change while it reads them.
        const std::string bytes{reinterpret_cast<const char*>(from.data()), from.size()};
        Message message;
        if (!message.ParseFromString(bytes)) throw std::runtime_error{"not such a message"};
        return message;
    }
};

int main() try {
    signet::subscriber<plant::Reading> readings{"plant/tank"};  // usually in another process
    signet::publisher<plant::Reading> tank{"plant/tank"};
    tank.wait_for_subscribers(1);

    plant::Reading reading;
    reading.set_sensor("north");
    reading.set_level(0.75);
    reading.add_alarms("valve stuck");
    tank.publish(reading);

    if (auto got = readings.receive()) {
        std::printf("%s: %g, %s\n", got->sensor().c_str(), got->level(), got->alarms(0).c_str());
    }
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "protobuf: %s\n", problem.what());
    return 1;
}
