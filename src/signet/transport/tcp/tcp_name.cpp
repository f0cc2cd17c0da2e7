// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/tcp/tcp_name.hpp>

#include <signet/base/error.hpp>
#include <signet/os/host_name.hpp>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace signet::transport::tcp {
namespace {

constexpr std::string_view name_letters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
constexpr std::size_t host_bytes_max = 253;

}  // namespace

tcp_name::tcp_name(std::string_view scheme, const std::string& where)
    : text_{std::string{scheme} + "://" + where} {
    const bool bracketed = where.starts_with('[');
    const std::size_t host_end = bracketed ? where.find(']') : where.find(':');
    if (host_end == std::string::npos) complain(bracketed ? "there is no ]" : "there is no port");
    const std::size_t colon = host_end + (bracketed ? 1 : 0);
    if (colon >= where.size() || where[colon] != ':') complain("after ] comes :port");
    host_ = bracketed ? where.substr(1, host_end - 1) : where.substr(0, host_end);
    before_port_ = std::string{scheme} + "://" + where.substr(0, colon + 1);
    take_port(std::string_view{where}.substr(colon + 1));
    if (host_ == "*" && !bracketed) host_.clear();
    if (!bracketed && !is_any()) check_host();
    if (bracketed) found(deadline::min());  // is an address, or an error
}

void tcp_name::complain(const std::string& why) const {
    const std::string scheme = text_.substr(0, text_.find(':'));
    throw error{errc::bad_name, "use address", text_,
                why + "; write it like " + scheme + "://host:4711, " + scheme +
                    "://[::1]:4711, or to listen at all addresses " + scheme + "://*:4711"};
}

void tcp_name::take_port(std::string_view digits) {
    const char* const end = digits.data() + digits.size();
    const auto [stop, problem] = std::from_chars(digits.data(), end, port_);
    if (!digits.empty() && problem == std::errc{} && stop == end) return;
    const bool more = digits.find(':') != std::string_view::npos;
    complain(more ? "an address with colons stands in brackets"
                  : "a port is a number from 0 to 65535, not '" + std::string{digits} + "'");
}

void tcp_name::check_host() const {
    const bool right = host_.size() <= host_bytes_max &&
                       host_.find_first_not_of(name_letters) == std::string::npos &&
                       host_.front() != '-';
    if (!right) complain("'" + host_ + "' is no name of a machine");
}

bool tcp_name::is_numeric() const {
    return host_.find(':') != std::string::npos ||
           host_.find_first_not_of("0123456789.") == std::string::npos;
}

std::vector<os::ip_address> tcp_name::found(deadline until) const {
    const bool bracketed = text_.find('[') != std::string::npos;
    if (!bracketed && !is_numeric()) return os::addresses_of(host_, port_, until);
    try {
        return {os::ip_address::parse(bracketed ? '[' + host_ + ']' : host_).with_port(port_)};
    } catch (const error& why) {
        complain(why.advice().empty() ? "it is no address" : why.what());
    }
}

std::vector<os::ip_address> tcp_name::targets(deadline until) const {
    if (port_ == 0) complain("who connects has to name a port");
    if (!is_any()) return in_turns(found(until));
    return {os::ip_address::loopback(os::ip_version::v6, port_),
            os::ip_address::loopback(os::ip_version::v4, port_)};
}

std::vector<os::ip_address> tcp_name::places(deadline until) const {
    if (!is_any()) return found(until);
    return {os::ip_address::any(os::ip_version::v6, port_),
            os::ip_address::any(os::ip_version::v4, port_)};
}

std::string tcp_name::text_with(std::uint16_t port) const {
    return before_port_ + std::to_string(port);
}

std::vector<os::ip_address> in_turns(const std::vector<os::ip_address>& sorted) {
    if (sorted.empty()) return {};
    std::vector<os::ip_address> one;
    std::vector<os::ip_address> other;
    for (const os::ip_address& address : sorted) {
        (address.version() == sorted.front().version() ? one : other).push_back(address);
    }
    std::vector<os::ip_address> all;
    for (std::size_t i = 0; i < std::max(one.size(), other.size()); ++i) {
        if (i < one.size()) all.push_back(one[i]);
        if (i < other.size()) all.push_back(other[i]);
    }
    return all;
}

}  // namespace signet::transport::tcp
