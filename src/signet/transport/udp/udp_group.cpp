// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/udp/udp_group.hpp>

#include <signet/base/error.hpp>
#include <signet/os/network_interface.hpp>

#include <utility>

namespace signet::transport::udp {
namespace {

[[noreturn]] void complain(const std::string& text, errc code, const std::string& why) {
    throw error{code, "use address", text,
                why +
                    "; topics over udp are multicast: write it like udp://239.1.2.3:7000, "
                    "udp://239.1.2.3%eth0:7000 or udp://[ff15::1%eth0]:7000, or use tcp://"};
}

/// What stands behind % is taken out of it.
std::string take_interface(std::string& where) {
    const std::size_t percent = where.find('%');
    if (percent == std::string::npos) return {};
    const std::size_t end = where.find_first_of("]:", percent);
    std::string name = where.substr(percent + 1, end - percent - 1);
    where.erase(percent, end == std::string::npos ? end : end - percent);
    return name;
}

os::ip_address address_in(const std::string& where, const std::string& text) {
    try {
        return os::ip_address::parse(where);
    } catch (const error&) {
        complain(text, errc::bad_name, "it is no address in numbers");
    }
}

constexpr std::size_t receive_buffer_bytes = std::size_t{4} << 20;

}  // namespace

udp_group::udp_group(const std::string& where)
    : text_{"udp://" + where}, address_{[&] {
          std::string numbers = where;
          const std::string name = take_interface(numbers);
          if (!name.empty()) interface_ = os::interface_index(name);
          return address_in(numbers, text_);
      }()} {
    if (!address_.is_multicast()) complain(text_, errc::unsupported, "it is not a group's address");
    if (address_.port() == 0) complain(text_, errc::bad_name, "it has no port");
}

os::udp_socket udp_group::sender() const {
    os::udp_socket socket{os::ip_address::any(address_.version())};
    if (interface_ != 0) socket.set_multicast_interface(interface_);
    return socket;
}

os::udp_socket udp_group::receiver() const {
    os::udp_socket socket{address_, {.share_port = os::toggle::on}};
    socket.join(address_, interface_);
    if (interface_ != 0) socket.set_multicast_interface(interface_);
    socket.set_receive_buffer_bytes(receive_buffer_bytes);
    return socket;
}

}  // namespace signet::transport::udp
