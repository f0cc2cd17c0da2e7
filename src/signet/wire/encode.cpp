// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/encode.hpp>

#include <signet/base/error.hpp>

namespace signet::wire::detail {

void throw_too_many() {
    throw error{errc::too_large,
                "encode message",
                {},
                "a string, list or map in it has more than 4294967295 elements"};
}

}  // namespace signet::wire::detail
