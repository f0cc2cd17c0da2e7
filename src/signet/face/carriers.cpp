// SPDX-License-Identifier: Apache-2.0
#include <signet/face/carriers.hpp>

#include <signet/base/error.hpp>
#include <signet/base/name.hpp>
#include <signet/transport/fifo/fifo_carrier.hpp>
#include <signet/transport/file/file_carrier.hpp>
#include <signet/transport/mq/mq_carrier.hpp>
#include <signet/transport/pipe/exec_carrier.hpp>
#include <signet/transport/pipe/pipe_carrier.hpp>
#include <signet/transport/shm/shm_carrier.hpp>
#include <signet/transport/sysv/sysv_carrier.hpp>
#include <signet/transport/tcp/tcp_carrier.hpp>
#include <signet/transport/udp/udp_carrier.hpp>
#include <signet/transport/unix/unix_carrier.hpp>

#include <mutex>

namespace signet::face {
namespace {

std::mutex adding;

std::vector<const transport::carrier*>& added() {
    static std::vector<const transport::carrier*> all;
    return all;
}

constexpr std::string_view sharing_advice =
    "; where several are to share the name, each of them says so (name_use::shared)";

std::string those_that_share() {
    std::string schemes;
    for (const transport::carrier* one : carriers()) {
        if (!one->facts().shares_names) continue;
        schemes += (schemes.empty() ? "" : ", ") + std::string{one->facts().scheme};
    }
    return schemes;
}

}  // namespace

void require_sharing(const transport::carrier& which, std::string_view address) {
    if (which.facts().shares_names) return;
    throw error{errc::unsupported, "share the name", address,
                "with this carrier one process listens; several may with " + those_that_share()};
}

found_carrier find_carrier(std::string_view text) {
    const signet::address to = split_address(text);
    std::string schemes;
    for (const transport::carrier* one : carriers()) {
        if (one->facts().scheme == to.scheme) return {one, to.name};
        schemes += (schemes.empty() ? "" : ", ") + std::string{one->facts().scheme};
    }
    throw error{errc::bad_name, "use address", text,
                "no carrier is called '" + to.scheme + "'; there are " + schemes};
}

std::vector<const transport::carrier*> carriers() {
    std::vector<const transport::carrier*> all{
        &transport::shm::the_carrier(),  // in the order in which they are shown
        &transport::unix_socket::the_carrier(), &transport::tcp::the_carrier(),
        &transport::udp::the_carrier(),         &transport::pipe::the_exec_carrier(),
        &transport::pipe::the_pipe_carrier(),   &transport::fifo::the_carrier(),
        &transport::mq::the_carrier(),          &transport::sysv::the_carrier(),
        &transport::log_file::the_carrier(),
    };
    const std::lock_guard locked{adding};
    all.insert(all.end(), added().begin(), added().end());
    return all;
}

bool add_carrier(const transport::carrier& one) {
    const std::lock_guard locked{adding};
    added().push_back(&one);
    return true;
}

std::unique_ptr<transport::channel_end> connect(std::string_view address,
                                                const transport::channel_types& types,
                                                const transport::channel_options& options) {
    const found_carrier to = find_carrier(address);
    return to.carrier->connect(to.where, types, options);
}

std::unique_ptr<transport::channel_listener> listen(std::string_view address,
                                                    const transport::channel_types& types,
                                                    const transport::channel_options& options) {
    const found_carrier at = find_carrier(address);
    if (options.name == transport::name_use::shared) require_sharing(*at.carrier, address);
    try {
        return at.carrier->listen(at.where, types, options);
    } catch (const error& e) {
        if (e.code() != std::errc::address_in_use || !at.carrier->facts().shares_names) throw;
        throw error{e.code(), e.operation(), e.subject(), e.advice() + std::string{sharing_advice}};
    }
}

}  // namespace signet::face
