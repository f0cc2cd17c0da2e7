// SPDX-License-Identifier: Apache-2.0
// Has a server that speaks MessagePack-RPC understand a client that speaks JSON-RPC 2.0: from its
// stream to frames of the same meaning, and from responses to its answers. What is none of its
// calls becomes a call of `json_refused_method`, which no server knows: so each answer comes by the
// same way, in its turn, and whoever does not take answers is not read.
//
// Thread safety: one thread at a time gives and takes frames; any thread answers.
#pragma once

#include <signet/wire/json_call.hpp>
#include <signet/wire/json_splitter.hpp>
#include <signet/wire/named_arguments.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace signet::wire {

inline constexpr std::string_view json_refused_method = "signet.refused";

class json_rpc {
public:
    /// What the parameters of a method are called; none: there is no such method.
    using parameter_names =
        std::function<std::optional<std::vector<std::string>>(std::string_view method)>;

    json_rpc(std::uint64_t text_bytes_max, parameter_names names);

    /// Whether a stream that begins so is JSON. No frame of MessagePack-RPC does.
    static bool begins(std::byte first) noexcept;

    /// More of the stream; must last until `next` has returned none, and then need not.
    void give(std::span<const std::byte> bytes) { splitter_.give(bytes); }

    /// The next frame, a request or a notification; valid until the next call. None: the rest is
    /// kept. Throws `error` (too_large) where a text is longer than `text_bytes_max`.
    std::optional<std::span<const std::byte>> next();

    /// What a response makes ready to be sent: an answer, or those of a whole batch, and a line
    /// feed; empty: nothing yet. Throws `error`, and that call is still to be answered: too_large,
    /// incompatible_type where JSON has no place for the result. A failure of a few words fits.
    /// Throws `error` (unsupported) of a frame that is no response.
    std::string answer(std::span<const std::byte> response);

private:
    struct batch {
        std::vector<std::string> answers{};  ///< in the order of the calls
        std::size_t missing = 0;
        std::uint64_t bytes = 0;
    };
    struct question {
        std::string id{};                   ///< as the client spelled it
        std::vector<std::byte> id_value{};  ///< the same as MessagePack
        std::string known{};                ///< the answer, where the server has no part in it
        std::shared_ptr<batch> part_of{};   ///< or null
        std::size_t place = 0;              ///< there
    };
    using question_ptr = std::shared_ptr<const question>;

    // Of who reads.
    void translate(std::string_view text);
    void ask(json_call& call, const std::shared_ptr<batch>& part_of);
    void refuse(std::string known, const std::shared_ptr<batch>& part_of);
    void notify(const json_call& call);
    void cancel(const argument_row& which);
    argument_row arguments_of(const json_call& call) const;
    std::uint32_t note(question asked);

    std::string deliver(std::uint32_t id, const question& asked, std::string text);

    std::uint64_t most_;
    parameter_names names_;
    json_splitter splitter_;
    std::deque<std::vector<std::byte>> ready_;  ///< frames; the first one was taken
    bool taken_ = false;
    std::uint32_t last_id_ = 0;

    std::mutex mutex_;
    std::unordered_map<std::uint32_t, question_ptr> asked_;  ///< by our own ids
};

}  // namespace signet::wire
