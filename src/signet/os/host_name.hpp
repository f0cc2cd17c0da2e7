// SPDX-License-Identifier: Apache-2.0
// The addresses that belong to the name of a machine: /etc/hosts, DNS, and what else the C
// library's resolver asks (getaddrinfo). Any thread.
//
// Deadlines. The resolver knows none, and cannot be interrupted; it gives up by itself after what
// /etc/resolv.conf says (10 to 30 seconds for each server). So it works in a thread of its own,
// which is left to itself where the deadline passes first: it touches nothing but what it owns, and
// ends with its answer. There are at most `lookups_max` such threads; who comes then is told.
// A process forked meanwhile has none of them, and may look up names.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/ip_address.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace signet::os {

/// How many lookups may go on at once in a process.
inline constexpr int lookups_max = 64;

/// The addresses of `host`, best first, each with `port`; at least one. Throws `error`: no such
/// name, no name server answers, timed_out, limit_reached.
std::vector<ip_address> addresses_of(const std::string& host, std::uint16_t port, deadline until);

}  // namespace signet::os
