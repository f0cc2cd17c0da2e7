// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hpp"

#include <signet/error.hpp>
#include <signet/os/unix_datagram.hpp>
#include <signet/os/unix_message.hpp>

#include <utility>

namespace signet::command {
namespace {

class unix_datagram_end final : public mechanism_end {
public:
    unix_datagram_end(os::unix_datagram_socket socket, os::unix_address peer)
        : socket_{std::move(socket)}, peer_{std::move(peer)} {}

    void send(std::span<const std::byte> message) override {
        require_moved(socket_.send_to(peer_, message, never));
    }
    void receive(std::span<std::byte> buffer) override {
        require_moved(socket_.receive(buffer, never).status);
    }

private:
    static void require_moved(os::unix_datagram_status status) {
        if (status == os::unix_datagram_status::moved) return;
        throw error{errc::peer_died, "exchange messages", {}, "the other process has ended"};
    }

    os::unix_datagram_socket socket_;
    os::unix_address peer_;
};

class unix_datagram_exchange final : public exchange {
public:
    explicit unix_datagram_exchange(const std::string& directory)
        : place_{os::directory::open(directory)} {}
    ~unix_datagram_exchange() override {
        place_.remove("asking");
        place_.remove("answering");
    }

    std::unique_ptr<mechanism_end> asking() override { return end(asking_, "answering"); }
    std::unique_ptr<mechanism_end> answering() override { return end(answering_, "asking"); }

private:
    std::unique_ptr<mechanism_end> end(os::unix_datagram_socket& own, const char* peer) {
        return std::make_unique<unix_datagram_end>(std::move(own), os::unix_address{place_, peer});
    }

    os::directory place_;
    os::unix_datagram_socket asking_{place_, "asking"};
    os::unix_datagram_socket answering_{place_, "answering"};
};

}  // namespace

mechanism unix_datagram_row() {
    return {.name = "unix datagram",
            .header = "signet/os/unix_datagram.hpp",
            .boundaries = true,
            .direction = "any to any",
            .persistence = "until its receiver is gone; a name until it is removed",
            .message_bytes_max = os::unix_message_bytes_max(),
            .left_behind = "its name; what it had sent is received",
            .use_when = "many send short messages to one on the same machine",
            .prepare = [](const std::string& directory) -> std::unique_ptr<exchange> {
                return std::make_unique<unix_datagram_exchange>(directory);
            }};
}

}  // namespace signet::command
