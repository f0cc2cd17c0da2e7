// SPDX-License-Identifier: Apache-2.0
#include <signet/os/tcp_socket.hpp>

#include <signet/base/error.hpp>
#include <signet/os/ip_socket.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/poll.hpp>
#include <signet/os/tcp_attempt.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <limits>

namespace signet::os {
namespace {

int as_option(std::chrono::seconds value) {
    if (value.count() < 1 || value.count() > 32767) {
        throw contract_violation{"keep_alive: between 1 and 32767 seconds"};
    }
    return static_cast<int>(value.count());
}

}  // namespace

tcp_socket tcp_socket::connect(const ip_address& to, deadline until,
                               const std::optional<ip_address>& from) {
    tcp_attempt attempt{to, from};
    if (!wait_writable(attempt.fd(), until)) attempt.give_up();
    return attempt.finish();
}

void tcp_socket::set_no_delay(toggle value) {
    set_socket_option(fd(), IPPROTO_TCP, TCP_NODELAY, value == toggle::on ? 1 : 0,
                      "choose when small writes are sent");
}

void tcp_socket::set_keep_alive(const std::optional<keep_alive>& probes) {
    constexpr std::string_view what = "probe a silent peer";
    if (probes) {
        set_socket_option(fd(), IPPROTO_TCP, TCP_KEEPIDLE, as_option(probes->idle), what);
        set_socket_option(fd(), IPPROTO_TCP, TCP_KEEPINTVL, as_option(probes->interval), what);
        set_socket_option(fd(), IPPROTO_TCP, TCP_KEEPCNT, probes->count, what);
    }
    set_socket_option(fd(), SOL_SOCKET, SO_KEEPALIVE, probes ? 1 : 0, what);
}

void tcp_socket::set_user_timeout(std::chrono::milliseconds limit) {
    if (limit.count() < 0 || limit.count() > std::numeric_limits<int>::max()) {
        throw contract_violation{"user timeout: between zero and 24 days"};
    }
    set_socket_option(fd(), IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(limit.count()),
                      "limit the time to an acknowledgement");
}

bool tcp_socket::set_retry_interval_max(std::chrono::milliseconds most) {
    constexpr int retry_interval_max = 44;  // TCP_RTO_MAX_MS, which glibc does not name yet
    const int value = static_cast<int>(most.count());
    const long result =
        call(SYS_setsockopt, fd(), IPPROTO_TCP, retry_interval_max, &value, sizeof value);
    if (result == -ENOPROTOOPT) return false;
    check(result, "limit the time between repetitions");
    return true;
}

void tcp_socket::set_linger(const std::optional<std::chrono::seconds>& wait) {
    const linger choice{.l_onoff = wait ? 1 : 0,
                        .l_linger = wait ? static_cast<int>(wait->count()) : 0};
    check(call(SYS_setsockopt, fd(), SOL_SOCKET, SO_LINGER, &choice, sizeof choice),
          "choose how a connection is closed");
}

ip_address tcp_socket::local_address() const {
    return local_address_of(fd());
}

ip_address tcp_socket::peer_address() const {
    return peer_address_of(fd());
}

}  // namespace signet::os
