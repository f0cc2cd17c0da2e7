// SPDX-License-Identifier: Apache-2.0
// What a message over a channel takes of the kernel, by its own word: at most one call more than
// the same exchange takes without any library.
#include "../conformance/channel_carriers.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace signet::tests {
namespace {

using transport::carrier;
using transport::carrier_facts;

bool has_strace() {
    return std::system("strace -qq -o /dev/null true 2> /dev/null") == 0;
}

class ChannelCalls : public ::testing::TestWithParam<const carrier*> {
protected:
    /// All calls that an exchange takes, in both processes; -1: it failed.
    long calls_of(const std::string& how, int count) const {
        const std::string log = place_.path() + "/calls";
        const std::string command = "strace -f -c -qq -o '" + log + "' '" SIGNET_EXCHANGE "' '" +
                                    how + "' " + std::to_string(count);
        if (std::system(command.c_str()) != 0) return -1;
        return total_of(log);
    }
    double calls_per_message(const std::string& how) const {
        constexpr int few = 100;
        constexpr int many = 600;
        const long before = calls_of(how, few);
        const long after = calls_of(how, many);
        EXPECT_GT(before, 0);
        EXPECT_GT(after, 0);
        return static_cast<double>(after - before) / (2.0 * (many - few));
    }

private:
    /// The last line of a summary: "100.00 0.001 2 406 total".
    static long total_of(const std::string& log) {
        std::ifstream file{log};
        long total = -1;
        for (std::string line; std::getline(file, line);) {
            if (line.find(" total") == std::string::npos) continue;
            double share = 0;
            double seconds = 0;
            long each = 0;
            std::sscanf(line.c_str(), "%lf %lf %ld %ld", &share, &seconds, &each, &total);
        }
        return total;
    }

    testing::temporary_directory place_;
};

TEST_P(ChannelCalls, AreAtMostOneMorePerMessageThanWithoutALibrary) {
    if (!has_strace()) GTEST_SKIP() << "strace may not be used here";
    const address_book book{GetParam()->facts()};
    const double raw = calls_per_message("raw");
    const double ours = calls_per_message(book.address());
    EXPECT_LE(ours, raw + 1.05) << "raw: " << raw;
}

/// Those that the exchanging program can use by their address alone.
std::vector<const carrier*> measured_carriers() {
    std::vector<const carrier*> all = carriers_with_listeners();
    std::erase_if(all, [](const carrier* one) {
        const carrier_facts& facts = one->facts();
        return facts.scheme == "tls" || facts.scheme == "execpairs" || !facts.both_ways;
    });
    return all;
}

INSTANTIATE_TEST_SUITE_P(Over, ChannelCalls, ::testing::ValuesIn(measured_carriers()), scheme_of);

}  // namespace
}  // namespace signet::tests
