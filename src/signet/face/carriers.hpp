// SPDX-License-Identifier: Apache-2.0
// The carriers of this program, by the scheme of an address. Those of the library are always there;
// optional ones add themselves where they are linked. Any thread.
#pragma once

#include <signet/transport/carrier.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace signet::face {

/// All of them, those of the library first.
std::vector<const transport::carrier*> carriers();

/// Has a carrier of an optional library found, too; it must last as long as the process.
bool add_carrier(const transport::carrier& one);

/// The carrier of an address, and what it calls the place.
struct found_carrier {
    const transport::carrier* carrier;
    std::string where;
};

/// Throws `error`: bad_name where `address` has no scheme or no carrier has it.
found_carrier find_carrier(std::string_view address);

/// Throws `error` (unsupported) where only one process may listen at an address of that carrier.
void require_sharing(const transport::carrier& which, std::string_view address);

/// Throws `error` as that, and as carrier::connect and carrier::listen do.
std::unique_ptr<transport::channel_end> connect(std::string_view address,
                                                const transport::channel_types& types,
                                                const transport::channel_options& options);
std::unique_ptr<transport::channel_listener> listen(std::string_view address,
                                                    const transport::channel_types& types,
                                                    const transport::channel_options& options);

}  // namespace signet::face
