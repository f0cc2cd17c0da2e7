// SPDX-License-Identifier: Apache-2.0
// nng: a pair0 over ipc://, messages allocated by the library and written in place. Its own threads
// carry them through a Unix socket.
#include <bench/peers/measure.hpp>

#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>

#include <stdexcept>
#include <string>

namespace {

void require(int error, const char* operation) {
    if (error != 0) throw std::runtime_error{std::string{operation} + ": " + nng_strerror(error)};
}

template <std::size_t Bytes>
class endpoint {
public:
    explicit endpoint(const peers::part& mine)
        : flags_{mine.waiting == peers::waiting::poll ? static_cast<int>(NNG_FLAG_NONBLOCK) : 0} {
        const int depth = static_cast<int>(peers::depth_of(Bytes));
        const std::string address = "ipc://" + mine.place + "/pair";
        require(nng_pair0_open(&socket_), "nng_pair0_open");
        require(nng_socket_set_int(socket_, NNG_OPT_SENDBUF, depth), "sendbuf");
        require(nng_socket_set_int(socket_, NNG_OPT_RECVBUF, depth), "recvbuf");
        require(nng_socket_set_size(socket_, NNG_OPT_RECVMAXSZ, 2 * Bytes), "recvmaxsz");
        require(nng_socket_set_ms(socket_, NNG_OPT_RECONNMINT, 10), "reconnmint");
        if (mine.leads()) {
            require(nng_listen(socket_, address.c_str(), nullptr, 0), "nng_listen");
        } else {
            require(nng_dial(socket_, address.c_str(), nullptr, NNG_FLAG_NONBLOCK), "nng_dial");
        }
    }
    endpoint(const endpoint&) = delete;
    endpoint& operator=(const endpoint&) = delete;
    ~endpoint() { nng_close(socket_); }

    template <class Write>
    void send(Write&& write) {
        nng_msg* message = nullptr;
        require(nng_msg_alloc(&message, Bytes), "nng_msg_alloc");
        write(static_cast<std::byte*>(nng_msg_body(message)));
        until_done([&] { return nng_sendmsg(socket_, message, flags_); }, "nng_sendmsg");
    }

    template <class Read>
    void receive(Read&& read) {
        nng_msg* message = nullptr;
        until_done([&] { return nng_recvmsg(socket_, &message, flags_); }, "nng_recvmsg");
        if (nng_msg_len(message) != Bytes) throw std::runtime_error{"a message of another size"};
        read(static_cast<const std::byte*>(nng_msg_body(message)));
        nng_msg_free(message);
    }

private:
    template <class Try>
    static void until_done(Try&& attempt, const char* operation) {
        for (int error; (error = attempt()) != 0;) {
            if (error != NNG_EAGAIN) require(error, operation);
        }
    }

    int flags_;
    nng_socket socket_{};
};

}  // namespace

int main(int count, char** arguments) {
    return peers::run<endpoint>(count, arguments, nng_version());
}
