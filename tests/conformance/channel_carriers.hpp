// SPDX-License-Identifier: Apache-2.0
// The carriers that the conformance suite of channels runs over, and an address of each that
// nobody else uses.
#pragma once

#include <signet/face/carriers.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signet::tests {

/// Addresses of one carrier, for one test.
class address_book {
public:
    explicit address_book(const transport::carrier_facts& of) : facts_{&of} {}

    /// Removes what killed processes left in the kernel at these addresses.
    ~address_book();

    /// Where nobody listens yet; another one for each `number`. After listening, ask the listener.
    std::string address(int number = 0) const;

    /// The same for a topic, which may be a group's.
    std::string topic_address(int number = 0) const;

    /// One that the carrier's rules do not allow.
    std::string bad_address() const;

private:
    const transport::carrier_facts* facts_;
    testing::temporary_directory place_;
};

/// Those with which two ends that know nothing of each other can meet at an address.
std::vector<const transport::carrier*> carriers_with_listeners();

/// Of those the ones that calls travel on.
std::vector<const transport::carrier*> carriers_of_services();

/// Of those the ones over which processes that know the address meet.
std::vector<const transport::carrier*> carriers_of_service_processes();

inline std::string scheme_of(const ::testing::TestParamInfo<const transport::carrier*>& info) {
    return std::string{info.param->facts().scheme};
}

}  // namespace signet::tests
