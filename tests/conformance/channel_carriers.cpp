// SPDX-License-Identifier: Apache-2.0
#include "channel_carriers.hpp"

#include <filesystem>
#include <stdexcept>

namespace signet::tests {

std::string address_book::address(int number) const {
    const std::string scheme{facts_->scheme};
    const std::string name = "end" + std::to_string(number);
    const std::string unique = std::filesystem::path{place_.path()}.filename().string() + '/';
    if (scheme == "shm") return "conformance/" + unique + name;
    if (scheme == "unix") return "unix://" + place_.path() + '/' + name;
    throw std::logic_error{"the conformance suite knows no address of " + scheme};
}

std::string address_book::bad_address() const {
    const std::string scheme{facts_->scheme};
    if (scheme == "shm") return "shm://no spaces/please";
    if (scheme == "unix") return "unix://relative/path";
    throw std::logic_error{"the conformance suite knows no bad address of " + scheme};
}

std::vector<const transport::carrier*> carriers_with_listeners() {
    return face::carriers();
}

}  // namespace signet::tests
