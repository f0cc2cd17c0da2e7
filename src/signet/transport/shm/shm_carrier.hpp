// SPDX-License-Identifier: Apache-2.0
// Channels in shared memory: `shm://robot/arm`, or the bare name. Between processes of one user on
// one machine, through the rendezvous directory.
#pragma once

#include <signet/transport/carrier.hpp>

namespace signet::transport::shm {

const carrier& the_carrier() noexcept;

}  // namespace signet::transport::shm
