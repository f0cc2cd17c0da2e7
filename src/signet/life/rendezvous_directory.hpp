// SPDX-License-Identifier: Apache-2.0
// The directory in which processes that use the same name find each other: what may be one, and
// where it is by default. Free functions; any thread.
#pragma once

#include <signet/os/directory.hpp>

#include <string>

namespace signet::life {

/// $SIGNET_DIR, else /dev/shm/signet-<uid>. Nothing else in the environment moves it.
std::string default_rendezvous_path();

/// Opens it, creating it (mode 0700) where it is missing. Throws `error`: it belongs to another
/// user or lets others in (untrusted), or cannot be written.
os::directory open_rendezvous_directory(const std::string& path);

}  // namespace signet::life
