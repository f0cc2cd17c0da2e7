// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hpp"
#include "stream_end.hpp"

#include <signet/os/unix_stream.hpp>

namespace signet::command {
namespace {

class unix_stream_exchange final : public exchange {
public:
    explicit unix_stream_exchange(const std::string& directory)
        : place_{os::directory::open(directory)} {}
    ~unix_stream_exchange() override { place_.remove("socket"); }

    std::unique_ptr<mechanism_end> asking() override {
        return end(os::unix_stream_socket::connect(place_, "socket", never));
    }
    std::unique_ptr<mechanism_end> answering() override { return end(listener_.accept(never)); }

private:
    static std::unique_ptr<mechanism_end> end(std::optional<os::unix_stream_socket> socket) {
        return std::make_unique<socket_end<os::unix_stream_socket>>(std::move(socket.value()));
    }

    os::directory place_;
    os::unix_stream_listener listener_{place_, "socket"};
};

}  // namespace

mechanism unix_stream_row() {
    return {.name = "unix stream",
            .header = "signet/os/unix_stream.hpp",
            .boundaries = false,
            .direction = "both ways",
            .persistence = "until both ends are gone; a name until it is removed",
            .left_behind = "a listener's name; its bytes are read, then the end",
            .use_when = "processes of one machine exchange bytes, with descriptors beside",
            .prepare = [](const std::string& directory) -> std::unique_ptr<exchange> {
                return std::make_unique<unix_stream_exchange>(directory);
            }};
}

}  // namespace signet::command
