// SPDX-License-Identifier: Apache-2.0
#include "raw_line.hpp"

#include <fmt/core.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/tcp.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

namespace signet::command {
namespace {

template <class Result>
Result made(Result result, const char* what) {
    if (result < 0) throw std::system_error{errno, std::generic_category(), what};
    return result;
}

std::size_t moved(ssize_t bytes) {
    if (made(bytes, "raw line") == 0)
        throw std::runtime_error{"the other side of a raw line ended"};
    return static_cast<std::size_t>(bytes);
}

class owned_fd {
public:
    explicit owned_fd(int fd) : fd_{made(fd, "make a raw line")} {}
    owned_fd(owned_fd&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    owned_fd& operator=(owned_fd&&) = delete;
    ~owned_fd() {
        if (fd_ >= 0) close(fd_);
    }
    int get() const noexcept { return fd_; }

private:
    int fd_;
};

// ---- bytes --------------------------------------------------------------------------------------

/// A stream each way, by read(2) and write(2).
class byte_line final : public raw_line {
public:
    struct ends {
        owned_fd in;
        owned_fd out;
    };
    byte_line(ends leader, ends follower) : ends_{std::move(leader), std::move(follower)} {}

    void send(line_side from, std::span<const std::byte> message) override {
        const int fd = of(from).out.get();
        while (!message.empty()) {
            message = message.subspan(moved(write(fd, message.data(), message.size())));
        }
    }
    std::size_t receive(line_side at, std::span<std::byte> buffer) override {
        return moved(read(of(at).in.get(), buffer.data(), buffer.size()));
    }

private:
    const ends& of(line_side side) const { return ends_[static_cast<std::size_t>(side)]; }

    std::array<ends, 2> ends_;
};

std::unique_ptr<raw_line> both_ways(owned_fd here, owned_fd there) {
    owned_fd here_too{dup(here.get())};
    owned_fd there_too{dup(there.get())};
    return std::make_unique<byte_line>(byte_line::ends{std::move(here), std::move(here_too)},
                                       byte_line::ends{std::move(there), std::move(there_too)});
}

std::unique_ptr<raw_line> make_unix() {
    int fds[2];
    made(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), "make a raw line");
    return both_ways(owned_fd{fds[0]}, owned_fd{fds[1]});
}

std::unique_ptr<raw_line> make_tcp() {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof at;
    auto* const address = reinterpret_cast<sockaddr*>(&at);
    const owned_fd door{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    made(bind(door.get(), address, bytes), "bind a raw line");
    made(listen(door.get(), 1), "listen for a raw line");
    made(getsockname(door.get(), address, &bytes), "ask for the port of a raw line");
    owned_fd here{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    made(connect(here.get(), address, bytes), "connect a raw line");
    owned_fd there{accept4(door.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    constexpr int on = 1;
    for (const owned_fd* one : {&here, &there}) {
        made(setsockopt(one->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "set no delay");
    }
    return both_ways(std::move(here), std::move(there));
}

owned_fd make_udp_socket(sockaddr_in& at) {
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof at;
    auto* const address = reinterpret_cast<sockaddr*>(&at);
    owned_fd made_fd{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    made(bind(made_fd.get(), address, bytes), "bind a raw line");
    made(getsockname(made_fd.get(), address, &bytes), "ask for the port of a raw line");
    return made_fd;
}

std::unique_ptr<raw_line> make_udp() {
    std::array<sockaddr_in, 2> at{};
    owned_fd here = make_udp_socket(at[0]);
    owned_fd there = make_udp_socket(at[1]);
    made(connect(here.get(), reinterpret_cast<sockaddr*>(&at[1]), sizeof at[1]), "connect");
    made(connect(there.get(), reinterpret_cast<sockaddr*>(&at[0]), sizeof at[0]), "connect");
    return both_ways(std::move(here), std::move(there));
}

std::unique_ptr<raw_line> make_pipes() {
    int to[2];
    int back[2];
    made(pipe2(to, O_CLOEXEC), "make a raw line");
    made(pipe2(back, O_CLOEXEC), "make a raw line");
    return std::make_unique<byte_line>(byte_line::ends{owned_fd{back[0]}, owned_fd{to[1]}},
                                       byte_line::ends{owned_fd{to[0]}, owned_fd{back[1]}});
}

/// A named pipe whose name is gone at once.
std::pair<owned_fd, owned_fd> make_fifo() {
    std::string name = "/dev/shm/signet-raw-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) made(-1, "make a directory for a raw line");
    const std::string path = name + "/fifo";
    made(mkfifo(path.c_str(), 0600), "make a raw line");
    owned_fd in{open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    owned_fd out{open(path.c_str(), O_WRONLY | O_CLOEXEC)};
    unlink(path.c_str());
    rmdir(name.c_str());
    made(fcntl(in.get(), F_SETFL, 0), "have a raw line wait");
    return {std::move(in), std::move(out)};
}

std::unique_ptr<raw_line> make_fifos() {
    auto [to_in, to_out] = make_fifo();
    auto [back_in, back_out] = make_fifo();
    return std::make_unique<byte_line>(byte_line::ends{std::move(back_in), std::move(to_out)},
                                       byte_line::ends{std::move(to_in), std::move(back_out)});
}

// ---- messages -----------------------------------------------------------------------------------

class posix_line final : public raw_line {
public:
    void send(line_side from, std::span<const std::byte> message) override {
        const int to = queues_[static_cast<std::size_t>(from)].get();
        made(mq_send(to, reinterpret_cast<const char*>(message.data()), message.size(), 0),
             "send to a raw queue");
    }
    std::size_t receive(line_side at, std::span<std::byte> buffer) override {
        const int from = queues_[1 - static_cast<std::size_t>(at)].get();
        const std::size_t bytes =
            moved(mq_receive(from, reinterpret_cast<char*>(whole_.data()), whole_.size(), nullptr));
        std::memcpy(buffer.data(), whole_.data(), std::min(bytes, buffer.size()));
        return bytes;
    }

private:
    /// A queue whose name is gone at once.
    static owned_fd make() {
        static int count = 0;
        const std::string name = fmt::format("/signet-raw-{}-{}", getpid(), count++);
        mq_attr how{};
        how.mq_maxmsg = 10;
        how.mq_msgsize = whole_bytes;
        owned_fd queue{mq_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &how)};
        mq_unlink(name.c_str());
        return queue;
    }

    static constexpr long whole_bytes = 8192;
    std::array<owned_fd, 2> queues_{make(), make()};
    std::array<std::byte, whole_bytes> whole_{};  // the kernel wants room for the largest
};

class system_v_line final : public raw_line {
public:
    system_v_line() : queue_{made(msgget(IPC_PRIVATE, 0600), "make a raw queue")} {}
    ~system_v_line() override {
        if (getpid() == maker_) msgctl(queue_, IPC_RMID, nullptr);
    }

    void send(line_side from, std::span<const std::byte> message) override {
        one_.type = type_of(from);
        std::memcpy(one_.bytes.data(), message.data(), message.size());
        made(msgsnd(queue_, &one_, message.size(), 0), "send to a raw queue");
    }
    std::size_t receive(line_side at, std::span<std::byte> buffer) override {
        const line_side other = at == line_side::leader ? line_side::follower : line_side::leader;
        const std::size_t bytes =
            moved(msgrcv(queue_, &one_, one_.bytes.size(), type_of(other), 0));
        std::memcpy(buffer.data(), one_.bytes.data(), std::min(bytes, buffer.size()));
        return bytes;
    }

private:
    static long type_of(line_side from) { return static_cast<long>(from) + 1; }

    struct {
        long type = 0;
        std::array<std::byte, 8192> bytes{};
    } one_;
    int queue_;
    pid_t maker_ = getpid();
};

template <class Line>
std::unique_ptr<raw_line> make_line() {
    return std::make_unique<Line>();
}

}  // namespace

raw_kind raw_kind_of(std::string_view scheme) {
    if (scheme == "tcp" || scheme == "tls") return {"raw tcp", &make_tcp};
    if (scheme == "udp") return {"raw udp", &make_udp};
    if (scheme == "pipe" || scheme == "exec") return {"raw pipes", &make_pipes};
    if (scheme == "fifo") return {"raw fifos", &make_fifos};
    if (scheme == "mq") return {"raw posix mq", &make_line<posix_line>};
    if (scheme == "sysv") return {"raw sysv mq", &make_line<system_v_line>};
    return {"raw unix stream", &make_unix};
}

}  // namespace signet::command
