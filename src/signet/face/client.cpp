// SPDX-License-Identifier: Apache-2.0
#include <signet/face/client.hpp>

#include <signet/face/services.hpp>
#include <signet/pattern/service/incoming_call.hpp>

#include <algorithm>

namespace signet {
namespace face {
namespace {

/// What a thread keeps of its largest arguments.
constexpr std::size_t kept_bytes_max = std::size_t{1} << 20;

}  // namespace

std::vector<std::byte>& packing_room() {
    static thread_local std::vector<std::byte> room;
    if (room.capacity() > kept_bytes_max) room = {};
    room.clear();
    return room;
}

effective_patience::effective_patience(transport::patience asked) : limit_{std::move(asked)} {
    const pattern::call_at_work& serves = pattern::this_thread_serves();
    if (!serves.call) return;
    limit_.until = std::min(limit_.until, serves.call->until());
    std::stop_token theirs = serves.call->stop_token(*serves.attendance);
    if (!limit_.stop.stop_possible()) {
        limit_.stop = std::move(theirs);
        return;
    }
    either_.emplace();
    first_.emplace(limit_.stop, stopping{&*either_});
    second_.emplace(std::move(theirs), stopping{&*either_});
    limit_.stop = either_->get_token();
}

}  // namespace face

client::client(std::string_view address, const client_options& options)
    : engine_{face::connect_client(address, options)} {}

client::~client() = default;
client::client(client&&) noexcept = default;
client& client::operator=(client&&) noexcept = default;

}  // namespace signet
