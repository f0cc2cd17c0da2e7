// SPDX-License-Identifier: Apache-2.0
// Words for tests about failing: what an operation complains of, whether it leaks descriptors, and
// what becomes of it when each of its system calls fails in turn. For single-threaded tests.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace signet::testing {

using operation = std::function<void()>;

/// The whole text of the `error` that `tried` throws; "no error" where it throws none.
std::string complaint_of(const operation& tried);

/// How many descriptors this process has open.
int open_descriptors();

/// Runs `tried` with its first system call failing with `error_number`, then with its second, and
/// so on until none is left. Each time it must throw `error` or do without the call, and must leave
/// as many descriptors open as before: else the test fails. Returns the numbers of the calls it did
/// without, each once, in order.
std::vector<long> fail_each_call(int error_number, const operation& tried);

/// Runs `body` in a forked child and returns what the child exits with: its result, or 128 and the
/// number of the signal that killed it.
int exit_code_of_forked(const std::function<int()>& body);

}  // namespace signet::testing
