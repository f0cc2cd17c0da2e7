// SPDX-License-Identifier: Apache-2.0
#include "channel_carriers.hpp"

#include "exec_pairs.hpp"

#include <signet/transport/sysv/queue_pairs.hpp>

#include <mqueue.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace signet::tests {
namespace {

// An address of this machine that no other process uses: tests run side by side.
std::string own_loopback() {
    const int pid = getpid();
    return "127." + std::to_string(64 + pid / 65536 % 64) + '.' + std::to_string(pid / 256 % 256) +
           '.' + std::to_string(pid % 256);
}

}  // namespace

address_book::~address_book() {
    if (facts_->scheme == "mq") {
        for (int number = 0; number < 10; ++number) {
            mq_unlink(address(number).substr(std::strlen("mq://")).c_str());
        }
    }
    if (facts_->scheme != "sysv") return;
    for (const auto& entry : std::filesystem::directory_iterator{place_.path()}) {
        if (entry.path().extension() == ".queues") transport::sysv::sweep(entry.path());
    }
}

std::string address_book::address(int number) const {
    const std::string scheme{facts_->scheme};
    const std::string name = "end" + std::to_string(number);
    const std::string unique = std::filesystem::path{place_.path()}.filename().string() + '/';
    if (scheme == "shm") return "conformance/" + unique + name;
    if (scheme == "unix") return "unix://" + place_.path() + '/' + name;
    if (scheme == "tls") return "tls://" + own_loopback() + ':' + std::to_string(21'000 + number);
    if (scheme == "tcp") return "tcp://" + own_loopback() + ':' + std::to_string(20'000 + number);
    if (scheme == "udp") return "udp://" + own_loopback() + ':' + std::to_string(20'000 + number);
    if (scheme == "fifo") return "fifo://" + place_.path() + '/' + name;
    if (scheme == exec_pairs_scheme) return scheme + "://" + place_.path() + '/' + name;
    if (scheme == "unix" || scheme == "file" || scheme == "sysv")
        return scheme + "://" + place_.path() + '/' + name;
    if (scheme == "mq") return "mq:///" + place_.path().substr(place_.path().rfind('/') + 1) + name;
    throw std::logic_error{"the conformance suite knows no address of " + scheme};
}

std::string address_book::topic_address(int number) const {
    if (facts_->scheme != "udp") return address(number);
    return "udp://239.255." + own_loopback().substr(own_loopback().find('.', 4) + 1) +
           "%lo:" + std::to_string(22'000 + number);
}

std::string address_book::bad_address() const {
    const std::string scheme{facts_->scheme};
    if (scheme == "shm") return "shm://no spaces/please";
    if (scheme == "unix") return "unix://relative/path";
    if (scheme == "fifo") return "fifo://relative/path";
    if (scheme == exec_pairs_scheme) return scheme + "://relative/path";
    if (scheme == "tcp" || scheme == "tls" || scheme == "udp") return scheme + "://no-port";
    if (scheme == "file" || scheme == "sysv") return scheme + "://relative/path";
    if (scheme == "mq") return "mq:///two/names";
    throw std::logic_error{"the conformance suite knows no bad address of " + scheme};
}

std::vector<const transport::carrier*> carriers_with_listeners() {
    static const bool added = face::add_carrier(exec_pairs());
    std::vector<const transport::carrier*> all = face::carriers();
    // One starts the other, or was started by it: there is no address at which they meet. The suite
    // runs over both of them together, as `execpairs`.
    std::erase_if(all, [](const transport::carrier* one) {
        return one->facts().scheme == "exec" || one->facts().scheme == "pipe";
    });
    return added ? all : std::vector<const transport::carrier*>{};
}

std::vector<const transport::carrier*> carriers_of_services() {
    auto all = carriers_with_listeners();
    std::erase_if(all, [](const transport::carrier* one) {
        return !one->facts().both_ways || !one->facts().tells_room || !one->facts().reliable;
    });
    return all;
}

std::vector<const transport::carrier*> carriers_of_service_processes() {
    auto all = carriers_of_services();
    std::erase_if(all, [](const auto* one) { return one->facts().scheme == exec_pairs_scheme; });
    return all;
}

}  // namespace signet::tests
