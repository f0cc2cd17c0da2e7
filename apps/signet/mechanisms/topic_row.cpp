// SPDX-License-Identifier: Apache-2.0
// A pair of topics, as another way for two processes to exchange messages: what the mechanisms are
// compared with.
#include "catalogue.hpp"

#include <signet/raw.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace signet::command {
namespace {

class topic_end final : public mechanism_end {
public:
    topic_end(const std::string& directory, const char* mouth, const char* ear)
        : here_{{.directory = directory}},
          out_{here_, mouth, wire::bytes_descriptor()},
          in_{here_, ear, {.policy = delivery::block}} {
        out_.wait_for_subscribers(1);
    }

    void send(std::span<const std::byte> message) override { out_.publish(message); }

    void receive(std::span<std::byte> buffer) override {
        const auto message = in_.receive();
        const auto bytes = message.bytes();
        if (bytes.size() != buffer.size()) throw std::runtime_error{"a message has another length"};
        std::copy(bytes.begin(), bytes.end(), buffer.begin());
    }

private:
    context here_;
    raw_publisher out_;
    raw_subscriber in_;
};

class topic_exchange final : public exchange {
public:
    explicit topic_exchange(std::string directory) : directory_{std::move(directory)} {}

    std::unique_ptr<mechanism_end> asking() override {
        return std::make_unique<topic_end>(directory_, "tour/ask", "tour/answer");
    }
    std::unique_ptr<mechanism_end> answering() override {
        return std::make_unique<topic_end>(directory_, "tour/answer", "tour/ask");
    }

private:
    std::string directory_;
};

}  // namespace

mechanism topic_row() {
    return {.name = "topic",
            .header = "signet/publisher.hpp",
            .boundaries = true,
            .direction = "one to many",
            .persistence = "until its publisher is gone",
            .message_bytes_max = std::uint64_t{0xffff'ffff},
            .left_behind = "nothing; what it had published is still read",
            .use_when = "messages go between processes of one machine, to any number of readers",
            .prepare = [](const std::string& directory) -> std::unique_ptr<exchange> {
                return std::make_unique<topic_exchange>(directory);
            }};
}

}  // namespace signet::command
