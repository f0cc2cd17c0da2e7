// SPDX-License-Identifier: Apache-2.0
// One end of a conversation of two of Signet's over UDP. Each datagram bears the id that its
// receiver gave to the conversation, 64 random bits: what is stale, or was written by somebody who
// cannot see our datagrams, does not bear it, and is counted and ignored. Who can see them can
// forge them: `tls` is against that.
#pragma once

#include <signet/base/error.hpp>
#include <signet/transport/channel_frame.hpp>
#include <signet/transport/udp/arrivals.hpp>
#include <signet/transport/udp/datagram_end.hpp>
#include <signet/transport/udp/udp_cookie.hpp>
#include <signet/transport/udp/udp_frame.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace signet::transport::udp {

/// What two ends call their conversation.
struct conversation_ids {
    std::uint64_t here;   ///< in what comes
    std::uint64_t there;  ///< in what goes
};

/// How they met.
struct udp_meeting {
    conversation_ids ids;
    std::optional<greeting> peer{};
    std::optional<error> obstacle{};  ///< why they cannot talk

    /// Of who accepted: what it answered, and says again where that was lost.
    std::vector<std::byte> answer{};
    std::shared_ptr<const cookie_jar> jar{};
};

/// The text of a refusal, fit to be shown.
std::string text_in(std::span<const std::byte> body);

class udp_end final : public datagram_end {
public:
    udp_end(os::udp_socket socket, const os::ip_address& peer, std::string name,
            const channel_options& options, udp_meeting met);
    ~udp_end() override { say_bye(); }

    const wire::type_descriptor* peer_sends() const noexcept override;

private:
    bool take(std::span<const std::byte> datagram, bool truncated, incoming& into) override;
    bool take_message(const datagram_header& header, std::span<const std::byte> body,
                      bool truncated, incoming& into);
    bool take_end(const datagram_header& header);
    bool take_refusal(const datagram_header& header, std::span<const std::byte> body);
    bool take_gone(const datagram_header& header);
    bool meet_again(const datagram_header& header);
    void write(const outgoing& message) override;
    bool is_message(std::span<const std::byte> beginning) const override;
    void say_end(bool closing) override;
    std::uint64_t lost() const noexcept override { return arrivals_.lost(); }
    void require_well() const override;

    udp_meeting met_;
    arrivals arrivals_;
};

}  // namespace signet::transport::udp
