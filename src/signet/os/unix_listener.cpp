// SPDX-License-Identifier: Apache-2.0
#include <signet/os/unix_listener.hpp>

#include <signet/os/kernel.hpp>
#include <signet/os/unix_address.hpp>

#include <sys/socket.h>
#include <sys/syscall.h>

#include <string>

namespace signet::os {
namespace {

// Removes a bound name, unless what was to follow has succeeded.
class bound_name {
public:
    bound_name(const directory& place, std::string_view name) : place_{place}, name_{name} {}
    bound_name(const bound_name&) = delete;
    bound_name& operator=(const bound_name&) = delete;
    ~bound_name() {
        if (!kept_) call(SYS_unlinkat, place_.fd(), name_.c_str(), 0);
    }
    void keep() noexcept { kept_ = true; }

private:
    const directory& place_;
    std::string name_;
    bool kept_ = false;
};

descriptor create_listening_socket() {
    const int type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;
    return descriptor{static_cast<int>(check(call(SYS_socket, AF_UNIX, type, 0), "create socket"))};
}

}  // namespace

seqpacket_listener::seqpacket_listener(const directory& place, std::string_view name, unsigned mode,
                                       int backlog)
    : socket_{create_listening_socket()} {
    const unix_address address{place, name};
    const std::string path = place.path_of(name);
    const std::string entry{name};
    // before bind, so that the name is at no instant more open than asked for
    check(call(SYS_fchmod, fd(), mode), "set the mode of socket", path);
    const long bound = call(SYS_bind, fd(), address.data(), address.size());
    const bool taken = bound == -EADDRINUSE;
    check(bound, "bind socket", path, taken ? "the name is taken; remove it if it is stale" : "");
    bound_name guard{place, name};
    // and after it, because the umask has taken bits away
    check(call(SYS_fchmodat, place.fd(), entry.c_str(), mode), "set the mode of socket", path);
    check(call(SYS_listen, fd(), backlog), "listen on socket", path);
    guard.keep();
}

std::optional<seqpacket_socket> seqpacket_listener::try_accept() {
    long number = -ECONNABORTED;
    // ECONNABORTED: that peer has gone again, so the next one is taken. EINTR: none was taken yet.
    while (number == -ECONNABORTED || number == -EINTR) {
        number = call(SYS_accept4, fd(), nullptr, nullptr, SOCK_CLOEXEC);
    }
    if (number == -EAGAIN) return std::nullopt;
    return seqpacket_socket{descriptor{static_cast<int>(check(number, "accept a connection"))}};
}

}  // namespace signet::os
