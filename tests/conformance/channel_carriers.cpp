// SPDX-License-Identifier: Apache-2.0
#include "channel_carriers.hpp"

#include <stdexcept>

namespace signet::tests {

std::string address_book::address(int number) const {
    const std::string scheme{facts_->scheme};
    const std::string name = "end" + std::to_string(number);
    if (scheme == "unix" || scheme == "file" || scheme == "sysv")
        return scheme + "://" + place_.path() + '/' + name;
    if (scheme == "mq") return "mq:///" + place_.path().substr(place_.path().rfind('/') + 1) + name;
    throw std::logic_error{"the conformance suite knows no address of " + scheme};
}

std::string address_book::bad_address() const {
    const std::string scheme{facts_->scheme};
    if (scheme == "unix") return "unix://relative/path";
    if (scheme == "file" || scheme == "sysv") return scheme + "://relative/path";
    if (scheme == "mq") return "mq:///two/names";
    throw std::logic_error{"the conformance suite knows no bad address of " + scheme};
}

std::vector<const transport::carrier*> carriers_with_listeners() {
    return face::carriers();
}

}  // namespace signet::tests
