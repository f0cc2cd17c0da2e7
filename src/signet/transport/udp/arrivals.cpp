// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/udp/arrivals.hpp>

namespace signet::transport::udp {

bool arrivals::take(std::uint64_t number) {
    if (number >= number_max) return false;
    if (number >= sent_) {
        advance_to(number + 1);
    } else if (sent_ - number > window || seen_[number % window]) {
        return false;
    }
    seen_[number % window] = true;
    ++taken_;
    return true;
}

void arrivals::end_at(std::uint64_t count) {
    if (count > sent_ && count <= number_max) advance_to(count);
}

void arrivals::advance_to(std::uint64_t sent) {
    if (sent - sent_ >= window) {
        seen_.reset();
    } else {
        for (std::uint64_t one = sent_; one < sent; ++one) seen_[one % window] = false;
    }
    sent_ = sent;
}

}  // namespace signet::transport::udp
