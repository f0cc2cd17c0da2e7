// SPDX-License-Identifier: Apache-2.0
#include <signet/face/client.hpp>

#include <signet/face/services.hpp>
#include <signet/pattern/service/incoming_call.hpp>

#include <algorithm>

namespace signet {
namespace face {

effective_patience::effective_patience(transport::patience asked) : limit_{std::move(asked)} {
    pattern::incoming_call* const serves = pattern::this_thread_serves().get();
    if (serves == nullptr) return;
    limit_.until = std::min(limit_.until, serves->until());
    std::stop_token theirs = serves->stop_token();
    if (!limit_.stop.stop_possible()) {
        limit_.stop = std::move(theirs);
        return;
    }
    either_.emplace();
    first_.emplace(limit_.stop, stopping{&*either_});
    second_.emplace(std::move(theirs), stopping{&*either_});
    limit_.stop = either_->get_token();
}

std::uint8_t effective_priority(std::uint8_t asked) noexcept {
    const pattern::incoming_call* const serves = pattern::this_thread_serves().get();
    return serves == nullptr ? asked : std::max(asked, serves->priority());
}

}  // namespace face

client::client(std::string_view address, const client_options& options)
    : engine_{face::connect_client(address, options)} {}

client::~client() = default;
client::client(client&&) noexcept = default;
client& client::operator=(client&&) noexcept = default;

}  // namespace signet
