// SPDX-License-Identifier: Apache-2.0
#include <signet/os/ip_address.hpp>

#include <signet/base/error.hpp>
#include <signet/os/network_interface.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace signet::os {
namespace {

// The text of an address, taken apart.
struct parts {
    std::string host;
    std::string scope;
    std::uint16_t port = 0;
};

[[noreturn]] void complain(std::string_view text) {
    throw error{errc::bad_name, "read address", text,
                "write it like 127.0.0.1:80 or [::1]:80, in numbers"};
}

std::uint16_t port_of(std::string_view digits, std::string_view text) {
    std::uint16_t port = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, problem] = std::from_chars(digits.data(), end, port);
    if (digits.empty() || problem != std::errc{} || stop != end) complain(text);
    return port;
}

// "[host]", "[host]:port", "host", or "host:port" where the host has no colon of its own.
parts split(std::string_view text) {
    parts found;
    std::string_view host = text;
    const bool bracketed = text.starts_with('[');
    const std::size_t closing = text.find(']');
    if (bracketed && closing == std::string_view::npos) complain(text);
    const bool one_colon = std::count(text.begin(), text.end(), ':') == 1;
    const std::size_t host_end = bracketed ? closing + 1 : one_colon ? text.find(':') : text.size();
    if (host_end < text.size()) {
        if (text[host_end] != ':') complain(text);
        found.port = port_of(text.substr(host_end + 1), text);
    }
    host = bracketed ? text.substr(1, closing - 1) : text.substr(0, host_end);
    const std::size_t percent = std::min(host.find('%'), host.size());
    found.host = host.substr(0, percent);
    if (percent < host.size()) found.scope = host.substr(percent + 1);
    return found;
}

std::optional<sockaddr_in> as_v4(const parts& from) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(from.port);
    if (inet_pton(AF_INET, from.host.c_str(), &address.sin_addr) != 1) return std::nullopt;
    return address;
}

std::optional<sockaddr_in6> as_v6(const parts& from) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(from.port);
    if (inet_pton(AF_INET6, from.host.c_str(), &address.sin6_addr) != 1) return std::nullopt;
    if (!from.scope.empty()) address.sin6_scope_id = interface_index(from.scope);
    return address;
}

template <typename Address>
Address read_as(const std::byte* bytes) {
    Address address;
    std::memcpy(&address, bytes, sizeof address);
    return address;
}

}  // namespace

void ip_address::fill(const void* address, std::size_t bytes) noexcept {
    static_assert(sizeof(sockaddr_in6) == bytes_max && sizeof(sockaddr_in) < bytes_max);
    std::memcpy(bytes_.data(), address, bytes);
    size_ = static_cast<unsigned>(bytes);
}

ip_address ip_address::parse(std::string_view text) {
    const parts found = split(text);
    ip_address result;
    if (const auto v4 = as_v4(found); v4 && found.scope.empty() && !text.starts_with('[')) {
        result.fill(&*v4, sizeof *v4);
        return result;
    }
    const auto v6 = as_v6(found);
    if (!v6) complain(text);
    result.fill(&*v6, sizeof *v6);
    return result;
}

ip_address ip_address::loopback(ip_version version, std::uint16_t port) {
    return parse(version == ip_version::v4 ? "127.0.0.1" : "::1").with_port(port);
}

ip_address ip_address::any(ip_version version, std::uint16_t port) {
    return parse(version == ip_version::v4 ? "0.0.0.0" : "::").with_port(port);
}

ip_address ip_address::from_kernel(const void* address, std::size_t bytes) {
    sa_family_t family = AF_UNSPEC;
    if (bytes >= sizeof family) std::memcpy(&family, address, sizeof family);
    const bool v4 = family == AF_INET && bytes >= sizeof(sockaddr_in);
    const bool v6 = family == AF_INET6 && bytes >= sizeof(sockaddr_in6);
    if (!v4 && !v6) throw error{errc::unsupported, "read address", {}, "it is no IP address"};
    ip_address result;
    result.fill(address, v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    return result;
}

ip_version ip_address::version() const noexcept {
    return size_ == sizeof(sockaddr_in) ? ip_version::v4 : ip_version::v6;
}

// The port lies at the same place in both versions.
std::uint16_t ip_address::port() const noexcept {
    return ntohs(read_as<sockaddr_in>(bytes_.data()).sin_port);
}

bool ip_address::is_multicast() const noexcept {
    if (version() == ip_version::v4)
        return IN_MULTICAST(ntohl(read_as<sockaddr_in>(bytes_.data()).sin_addr.s_addr));
    const sockaddr_in6 address = read_as<sockaddr_in6>(bytes_.data());
    return IN6_IS_ADDR_MULTICAST(&address.sin6_addr);
}

unsigned ip_address::interface() const noexcept {
    if (version() == ip_version::v4) return 0;
    return read_as<sockaddr_in6>(bytes_.data()).sin6_scope_id;
}

ip_address ip_address::with_port(std::uint16_t port) const {
    static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
    ip_address result = *this;
    const std::uint16_t bytes = htons(port);
    std::memcpy(result.bytes_.data() + offsetof(sockaddr_in, sin_port), &bytes, sizeof bytes);
    return result;
}

std::string ip_address::host_text() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (version() == ip_version::v4) {
        const sockaddr_in address = read_as<sockaddr_in>(bytes_.data());
        return inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
    }
    const sockaddr_in6 address = read_as<sockaddr_in6>(bytes_.data());
    const std::string host = inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size());
    return interface() == 0 ? host : host + "%" + interface_name(interface());
}

std::string ip_address::text() const {
    const bool v4 = version() == ip_version::v4;
    std::string result{v4 ? "" : "["};
    result.append(host_text()).append(v4 ? ":" : "]:");
    return result.append(std::to_string(port()));
}

}  // namespace signet::os
