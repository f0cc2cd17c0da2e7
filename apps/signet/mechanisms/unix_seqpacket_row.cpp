// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hpp"
#include "stream_end.hpp"

#include <signet/os/poll.hpp>
#include <signet/os/unix_listener.hpp>

namespace signet::command {
namespace {

class seqpacket_end final : public mechanism_end {
public:
    explicit seqpacket_end(os::seqpacket_socket socket) : socket_{std::move(socket)} {}

    void send(std::span<const std::byte> message) override {
        os::send_result result = os::send_result::full;
        while ((result = socket_.try_send(message)) == os::send_result::full)
            os::wait_writable(socket_.fd(), never);
        if (result == os::send_result::closed) require_moved(os::stream_status::ended);
    }

    void receive(std::span<std::byte> buffer) override {
        os::receive_result result;
        while ((result = socket_.try_receive(buffer)).status == os::receive_status::empty)
            os::wait_readable(socket_.fd(), never);
        if (result.status == os::receive_status::closed) require_moved(os::stream_status::ended);
    }

private:
    os::seqpacket_socket socket_;
};

class unix_seqpacket_exchange final : public exchange {
public:
    explicit unix_seqpacket_exchange(const std::string& directory)
        : place_{os::directory::open(directory)} {}
    ~unix_seqpacket_exchange() override { place_.remove("socket"); }

    std::unique_ptr<mechanism_end> asking() override {
        return end(os::seqpacket_socket::connect(place_, "socket", never));
    }
    std::unique_ptr<mechanism_end> answering() override {
        os::wait_readable(listener_.fd(), never);
        return end(listener_.try_accept());
    }

private:
    static std::unique_ptr<mechanism_end> end(std::optional<os::seqpacket_socket> socket) {
        return std::make_unique<seqpacket_end>(std::move(socket.value()));
    }

    os::directory place_;
    os::seqpacket_listener listener_{place_, "socket"};
};

}  // namespace

mechanism unix_seqpacket_row() {
    return {.name = "unix seqpacket",
            .header = "signet/os/unix_socket.hpp",
            .boundaries = true,
            .direction = "both ways",
            .persistence = "until both ends are gone; a name until it is removed",
            .message_bytes_max = os::unix_message_bytes_max(),
            .left_behind = "a listener's name; its messages are read, then the end",
            .use_when = "requests and answers stay on one machine, and it matters who is there",
            .prepare = [](const std::string& directory) -> std::unique_ptr<exchange> {
                return std::make_unique<unix_seqpacket_exchange>(directory);
            }};
}

}  // namespace signet::command
