// SPDX-License-Identifier: Apache-2.0
// A call that a server has another one answer: the call that arrived, and the one made for it, on a
// connection of the server's own. So who reads for the server reads the answer too.
//
// Thread safety: under the mutex of the server, but for `out` while it is being sent, which is who
// forwards' alone.
#pragma once

#include <signet/pattern/service/call_host.hpp>
#include <signet/pattern/service/call_server.hpp>
#include <signet/pattern/service/incoming_call.hpp>
#include <signet/pattern/service/outgoing_call.hpp>

#include <memory>
#include <utility>

namespace signet::pattern {

class forwarded_call final : public call_waiter {
public:
    forwarded_call(call_server& by, std::shared_ptr<incoming_call> forwarded)
        : call{std::move(forwarded)}, by_{by} {
        out.call_it(call->frame().method);
        out.waiter = this;
    }

    /// The answer is there.
    void wake() noexcept override { by_.note_over(*this); }

    const std::shared_ptr<incoming_call> call;
    std::shared_ptr<call_session> route;  ///< that `out` is on; goes after it
    outgoing_call out;
    bool sent = false;
    bool over = false;  ///< it is answered, or nobody waits for it any more

private:
    call_server& by_;
};

}  // namespace signet::pattern
