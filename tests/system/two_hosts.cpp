// SPDX-License-Identifier: Apache-2.0
#include "two_hosts.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <span>
#include <system_error>
#include <thread>
#include <vector>

namespace signet::tests {
namespace {

constexpr const char* cable = "cable";

int checked(int result, const char* what) {
    if (result < 0) throw std::system_error{errno, std::generic_category(), what};
    return result;
}

os::descriptor here() {
    return os::descriptor{checked(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), "open")};
}

os::descriptor created() {
    checked(unshare(CLONE_NEWNET), "make a network namespace");
    return here();
}

// A message to the kernel of attributes within attributes.
class message {
public:
    template <class Value>
    void put(const Value& value) {
        put_bytes(std::as_bytes(std::span{&value, 1}));
    }
    void put_bytes(std::span<const std::byte> some) {
        bytes.insert(bytes.end(), some.begin(), some.end());
        bytes.resize((bytes.size() + 3) / 4 * 4);
    }
    std::size_t begin(unsigned short type) {
        put(rtattr{0, type});
        return bytes.size() - sizeof(rtattr);
    }
    void end(std::size_t at) {
        const auto length = static_cast<unsigned short>(bytes.size() - at);
        std::memcpy(&bytes[at], &length, sizeof length);
    }
    void attribute(unsigned short type, std::string_view text) {
        const std::size_t at = begin(type);
        const std::string with_zero{text};
        put_bytes(std::as_bytes(std::span{with_zero.c_str(), text.size() + 1}));
        end(at);
    }

    std::vector<std::byte> bytes;
};

// The end in `other` has the same name.
message request_for_cable(int other) {
    message all;
    all.put(nlmsghdr{0, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, 1, 0});
    all.put(ifinfomsg{});
    all.attribute(IFLA_IFNAME, cable);
    const std::size_t info = all.begin(IFLA_LINKINFO);
    all.attribute(IFLA_INFO_KIND, "veth");
    const std::size_t data = all.begin(IFLA_INFO_DATA);
    const std::size_t peer = all.begin(VETH_INFO_PEER);
    all.put(ifinfomsg{});
    all.attribute(IFLA_IFNAME, cable);
    const std::size_t where = all.begin(IFLA_NET_NS_FD);
    all.put(other);
    for (const std::size_t begun : {where, peer, data, info}) all.end(begun);
    const auto length = static_cast<std::uint32_t>(all.bytes.size());
    std::memcpy(all.bytes.data(), &length, sizeof length);
    return all;
}

void lay_cable_to(int other) {
    const os::descriptor kernel{
        checked(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "netlink")};
    const message request = request_for_cable(other);
    checked(static_cast<int>(send(kernel.get(), request.bytes.data(), request.bytes.size(), 0)),
            "send to netlink");
    std::array<std::byte, 4096> answer;
    checked(static_cast<int>(recv(kernel.get(), answer.data(), answer.size(), 0)), "netlink");
    int number = 0;
    std::memcpy(&number, answer.data() + NLMSG_HDRLEN, sizeof number);
    if (number != 0) throw std::system_error{-number, std::generic_category(), "make a veth pair"};
}

ifreq about(const char* interface) {
    ifreq request{};
    std::strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
    return request;
}

void set_up(const char* interface, bool up) {
    const os::descriptor any{checked(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket")};
    ifreq request = about(interface);
    checked(ioctl(any.get(), SIOCGIFFLAGS, &request), "ask for an interface's flags");
    const int flags = up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP;
    request.ifr_flags = static_cast<short>(flags);
    checked(ioctl(any.get(), SIOCSIFFLAGS, &request), "set an interface's flags");
}

void set_number(unsigned long what, const std::string& text) {
    const os::descriptor any{checked(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket")};
    ifreq request = about(cable);
    sockaddr_in number{};
    number.sin_family = AF_INET;
    inet_pton(AF_INET, text.c_str(), &number.sin_addr);
    std::memcpy(&request.ifr_addr, &number, sizeof number);
    checked(ioctl(any.get(), what, &request), "set an interface's address");
}

void equip(const std::string& address) {
    set_number(SIOCSIFADDR, address);
    set_number(SIOCSIFNETMASK, "255.255.255.0");
    set_up("lo", true);
    set_up(cable, true);
}

}  // namespace

two_hosts::two_hosts() : before_{here()}, hosts_{created(), created()} {
    go_to(left);
    lay_cable_to(hosts_[right].get());
    for (const host one : {right, left}) {
        go_to(one);
        equip(address(one));
    }
}

two_hosts::~two_hosts() {
    setns(before_.get(), CLONE_NEWNET);
}

void two_hosts::go_to(host where) const {
    checked(setns(hosts_[where].get(), CLONE_NEWNET), "go to a network namespace");
}

std::string two_hosts::address(host where) {
    return where == left ? "10.99.0.1" : "10.99.0.2";
}

void two_hosts::pull() const {
    std::thread{[this] { go_to(right), set_up(cable, false); }}.join();
}

void two_hosts::put_back() const {
    std::thread{[this] { go_to(right), set_up(cable, true); }}.join();
}

}  // namespace signet::tests
