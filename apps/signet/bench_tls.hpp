// SPDX-License-Identifier: Apache-2.0
// What a measurement over TLS needs: somebody to be. Another source stands behind this where the
// carrier is not built. One thread.
#pragma once

namespace signet::command {

/// Makes a key and a certificate, and has this process and those that it forks use them and trust
/// nobody else. False: there is no TLS. Throws std::runtime_error.
bool become_somebody_over_tls();

}  // namespace signet::command
