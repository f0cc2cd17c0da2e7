// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hpp"
#include "stream_end.hpp"

#include <signet/os/tcp_listener.hpp>

namespace signet::command {
namespace {

class tcp_exchange final : public exchange {
public:
    std::unique_ptr<mechanism_end> asking() override {
        return end(os::tcp_socket::connect(listener_.local_address(), never));
    }
    std::unique_ptr<mechanism_end> answering() override {
        return end(std::move(*listener_.accept(never)));
    }

private:
    static std::unique_ptr<mechanism_end> end(os::tcp_socket socket) {
        socket.set_no_delay(os::toggle::on);
        return std::make_unique<socket_end<os::tcp_socket>>(std::move(socket));
    }

    os::tcp_listener listener_{os::ip_address::loopback(os::ip_version::v4)};
};

}  // namespace

mechanism tcp_row() {
    return {.name = "tcp",
            .header = "signet/os/tcp_socket.hpp",
            .boundaries = false,
            .direction = "both ways",
            .persistence = "until both ends are gone",
            .left_behind = "nothing; an end, or a reset where bytes were unread",
            .use_when = "the other process may be on another machine",
            .prepare = [](const std::string&) -> std::unique_ptr<exchange> {
                return std::make_unique<tcp_exchange>();
            }};
}

}  // namespace signet::command
