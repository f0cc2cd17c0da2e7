// SPDX-License-Identifier: Apache-2.0
// The carriers `exec` and `pipe`, made to meet at an address, for the conformance suite: who
// connects starts a program by `exec:`, which hands its standard input and output to who listens,
// and that talks over them as `pipe:` does.
#pragma once

#include <signet/transport/carrier.hpp>

namespace signet::tests {

inline constexpr std::string_view exec_pairs_scheme = "execpairs";

const transport::carrier& exec_pairs();

}  // namespace signet::tests
