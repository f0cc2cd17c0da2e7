// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/service/pulse.hpp>

#include <signet/base/error.hpp>
#include <signet/pattern/service/call_client.hpp>
#include <signet/pattern/service/call_codes.hpp>
#include <signet/pattern/service/call_session.hpp>
#include <signet/wire/arguments.hpp>

#include <system_error>
#include <vector>

namespace signet::pattern {
namespace {

using transport::patience;

std::vector<std::byte> frame_of(const pulse& what, std::uint8_t priority, bool extensions) {
    std::vector<std::byte> frame;
    const wire::rpc_rider rider{.priority = extensions ? priority : std::uint8_t{0}};
    wire::put_notification_head(frame, pulse_method, rider, 2);
    wire::append_values(frame, what.code, what.value);
    return frame;
}

enum class fate { sent, no_room, ended };

// What is on its way in part is sent: the rest goes out with what follows.
fate try_send(call_session& on, frame_bytes frame) try {
    const bool sent = on.host.send(on, pulse_method, {.parts = {&frame, 1}}, patience::none());
    return sent ? fate::sent : fate::ended;
} catch (const call_error& e) {
    if (e.code() != std::errc::timed_out) throw;
    return e.ran() == ran::no ? fate::no_room : fate::sent;
}

}  // namespace

pulse read_pulse(const wire::rpc_frame& frame) {
    pulse what;
    wire::value_reader from{frame.body, frame.arguments};
    if (from.take(what.code) && from.take(what.value) && from.at_end()) return what;
    throw error{errc::peer_misbehaved, "read pulse", {}, "it is not two integers"};
}

// A connection that has ended while nobody used it is found out by sending: once more, then.
bool send_pulse(call_client& to, const pulse& what, std::uint8_t priority) {
    for (int attempt = 0; attempt < 2; ++attempt) {
        const auto on = to.session();
        const auto frame = frame_of(what, priority, on->knows_extensions());
        const fate became = try_send(*on, frame);
        if (became != fate::ended) return became == fate::sent;
    }
    rethrow_as_call(peer_gone(), pulse_method, ran::no);
}

}  // namespace signet::pattern
