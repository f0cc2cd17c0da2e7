// SPDX-License-Identifier: Apache-2.0
// What the conformance tests of topics have in common: one test over all carriers that carry
// topics, with a publisher at an address. For one test each.
#pragma once

#include "channel_carriers.hpp"

#include <signet/context.hpp>
#include <signet/publisher.hpp>
#include <signet/raw.hpp>
#include <signet/subscriber.hpp>
#include <signet/testing/eventually.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signet::tests {

struct plain {
    std::uint64_t number;
    double weight;
};

class Topics : public ::testing::TestWithParam<const transport::carrier*> {
protected:
    const transport::carrier_facts& facts() const { return GetParam()->facts(); }

    /// Where the tests publish; of a port that the system chooses, ask the publisher.
    std::string place(int number = 0) const { return book_.topic_address(number); }

    /// Waits until they know each other. Who publishes to a group does not know who listens.
    template <class Publisher, class Subscriber>
    void meet(Publisher& out, Subscriber& in, std::size_t subscribers = 1) const {
        out.wait_for_subscribers(facts().reliable ? subscribers : 1);
        if (facts().reliable) return;
        EXPECT_TRUE(testing::eventually([&] { return in.try_receive(), in.publishers() == 1; }));
    }

    testing::temporary_directory directory_;
    address_book book_{facts()};
    context here_{{.directory = directory_.path()}};
};

/// Those that carry topics and whose ends can meet at an address.
inline std::vector<const transport::carrier*> carriers_of_topics() {
    auto all = carriers_with_listeners();
    std::erase_if(all, [](const transport::carrier* one) {
        return one->facts().topics == transport::support::no;
    });
    return all;
}

}  // namespace signet::tests
