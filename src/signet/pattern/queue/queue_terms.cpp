// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/queue/queue_terms.hpp>

#include <signet/base/error.hpp>
#include <signet/base/name.hpp>

#include <utility>

namespace signet::pattern {

queue_place queue_place::named(std::string_view name, std::string directory) {
    address where = parse_address(name);
    if (where.scheme != "shm") {
        throw error{errc::unsupported, "open queue", name,
                    "by name it lies in shared memory; a file of yours is opened by its path"};
    }
    return {std::move(where.name), std::move(directory), {}};
}

queue_place queue_place::at(std::string path) {
    std::string name = path;
    return {std::move(name), {}, std::move(path)};
}

}  // namespace signet::pattern
