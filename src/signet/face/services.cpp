// SPDX-License-Identifier: Apache-2.0
#include <signet/face/services.hpp>

#include <signet/base/error.hpp>
#include <signet/face/carriers.hpp>
#include <signet/transport/carrier.hpp>

#include <algorithm>
#include <utility>

namespace signet::face {
namespace {

using pattern::rpc_framing;
using pattern::rpc_shape;
using transport::framing;

template <class Options>
rpc_shape shape_at(std::string_view address, const Options& options) {
    const transport::carrier_facts& facts = find_carrier(address).carrier->facts();
    if (!facts.both_ways) {
        throw error{errc::unsupported, "use service", address,
                    "calls go both ways, and this carrier only one"};
    }
    if (!facts.reliable) {
        throw error{errc::unsupported, "use service", address,
                    "this carrier loses messages, and a call would wait for ever; use tcp://"};
    }
    if (!facts.tells_room) {
        throw error{errc::unsupported, "use service", address,
                    "this carrier tells nobody when there is room for an answer; use unix://"};
    }
    const bool in_a_stream = facts.speaks_plain && !facts.plain_is_shared;
    return {in_a_stream ? rpc_framing::stream : rpc_framing::messages,
            std::min(options.message_bytes_max, facts.message_bytes_max), options.descriptors_max,
            facts.passes_descriptors};
}

framing frames_for(const rpc_shape& how) {
    return how.frames == rpc_framing::stream ? framing::bytes : framing::messages;
}

/// For one that is connected already.
void serve_at(pattern::call_server& server, std::string_view address,
              const pattern::server_options& options, const rpc_shape& how) {
    server.add(face::connect(address, {},
                             {.message_bytes_max = options.message_bytes_max,
                              .descriptors_max = options.descriptors_max,
                              .frames = frames_for(how),
                              .waiting = options.waiting}),
               how);
}

}  // namespace

std::unique_ptr<pattern::call_client> connect_client(std::string_view address,
                                                     const pattern::client_options& options) {
    auto connect = [to = std::string{address}, how = shape_at(address, options),
                    options](std::chrono::nanoseconds limit) {
        return std::make_unique<pattern::rpc_line>(
            face::connect(to, {},
                          {.message_bytes_max = options.message_bytes_max,
                           .descriptors_max = options.descriptors_max,
                           .handshake_limit = limit,
                           .frames = frames_for(how),
                           .waiting = options.waiting}),
            how);
    };
    return std::make_unique<pattern::call_client>(std::move(connect), options);
}

std::string listen_for(pattern::call_server& server, std::string_view address,
                       const pattern::server_options& options) {
    const rpc_shape how = shape_at(address, options);
    if (find_carrier(address).carrier->facts().scheme == "pipe") {
        if (options.name == transport::name_use::shared) {
            require_sharing(*find_carrier(address).carrier, address);
        }
        serve_at(server, address, options, how);
        return std::string{address};
    }
    std::shared_ptr<transport::channel_listener> door =
        listen(address, {},
               {.message_bytes_max = options.message_bytes_max,
                .descriptors_max = options.descriptors_max,
                .frames = frames_for(how),
                .name = options.name,
                .waiting = options.waiting});
    std::string where = door->address();
    server.add(std::move(door), how);
    return where;
}

}  // namespace signet::face
