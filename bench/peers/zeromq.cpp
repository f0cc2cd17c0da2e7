// SPDX-License-Identifier: Apache-2.0
// ZeroMQ: a PAIR over ipc://, messages allocated by the library and written in place. Its own
// threads carry them through a Unix socket.
#include <bench/peers/measure.hpp>

#include <zmq.h>

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

void require(bool done, const char* operation) {
    if (!done) throw std::runtime_error{std::string{operation} + ": " + zmq_strerror(zmq_errno())};
}

struct close_context {
    void operator()(void* context) const noexcept { zmq_ctx_term(context); }
};
struct close_socket {
    void operator()(void* socket) const noexcept { zmq_close(socket); }
};

template <std::size_t Bytes>
class endpoint {
public:
    explicit endpoint(const peers::part& mine)
        : flags_{mine.waiting == peers::waiting::poll ? ZMQ_DONTWAIT : 0} {
        const int depth = static_cast<int>(peers::depth_of(Bytes));
        const std::string address = "ipc://" + mine.place + "/pair";
        zmq_setsockopt(socket_.get(), ZMQ_SNDHWM, &depth, sizeof depth);
        zmq_setsockopt(socket_.get(), ZMQ_RCVHWM, &depth, sizeof depth);
        if (mine.leads()) {
            require(zmq_bind(socket_.get(), address.c_str()) == 0, "zmq_bind");
        } else {
            require(zmq_connect(socket_.get(), address.c_str()) == 0, "zmq_connect");
        }
    }

    template <class Write>
    void send(Write&& write) {
        zmq_msg_t message;
        require(zmq_msg_init_size(&message, Bytes) == 0, "zmq_msg_init_size");
        write(static_cast<std::byte*>(zmq_msg_data(&message)));
        until_done([&] { return zmq_msg_send(&message, socket_.get(), flags_); }, "zmq_msg_send");
    }

    template <class Read>
    void receive(Read&& read) {
        zmq_msg_t message;
        zmq_msg_init(&message);
        until_done([&] { return zmq_msg_recv(&message, socket_.get(), flags_); }, "zmq_msg_recv");
        require(zmq_msg_size(&message) == Bytes, "size of a message");
        read(static_cast<const std::byte*>(zmq_msg_data(&message)));
        zmq_msg_close(&message);
    }

private:
    template <class Try>
    static void until_done(Try&& attempt, const char* operation) {
        while (attempt() < 0) require(zmq_errno() == EAGAIN || zmq_errno() == EINTR, operation);
    }

    int flags_;
    std::unique_ptr<void, close_context> context_{zmq_ctx_new()};
    std::unique_ptr<void, close_socket> socket_{zmq_socket(context_.get(), ZMQ_PAIR)};
};

std::string version() {
    return std::to_string(ZMQ_VERSION_MAJOR) + "." + std::to_string(ZMQ_VERSION_MINOR) + "." +
           std::to_string(ZMQ_VERSION_PATCH);
}

}  // namespace

int main(int count, char** arguments) {
    return peers::run<endpoint>(count, arguments, version().c_str());
}
