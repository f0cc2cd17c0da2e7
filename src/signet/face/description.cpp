// SPDX-License-Identifier: Apache-2.0
#include <signet/face/description.hpp>

#include <signet/base/error.hpp>
#include <signet/pattern/service/call_codes.hpp>
#include <signet/wire/misfit.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>

namespace signet::face {
namespace {

constexpr std::chrono::seconds asking_max{1};
constexpr std::size_t told_max = 8;  // misfits in the text of an error

std::string sentence_of(const std::vector<std::string>& lines) {
    std::string text;
    for (std::size_t i = 0; i < std::min(lines.size(), told_max); ++i) {
        text += (text.empty() ? "" : "; ") + lines[i];
    }
    return lines.size() > told_max ? text + "; and more" : text;
}

/// Empty: nobody can say.
std::string misfits_of(pattern::call_client& server, const call_error& what, caller_types caller,
                       const transport::patience& limit) {
    const transport::patience soon{std::min(limit.until, after(asking_max)), limit.stop};
    for (const method_signature& one : describe(server, soon)) {
        if (one.name != what.subject()) continue;
        return sentence_of(what.ran() == ran::no ? wire::argument_misfits(caller(), one)
                                                 : wire::result_misfits(caller(), one));
    }
    return {};
}

}  // namespace

std::vector<method_signature> describe(pattern::call_client& server,
                                       const transport::patience& limit) {
    pattern::outgoing_call under_way;
    server.start(under_way, {.method = pattern::describe_method}, limit);
    under_way.finish(limit);
    return wire::decode_signatures(under_way.result());
}

void throw_explained(pattern::call_client& server, const call_error& what, caller_types caller,
                     const transport::patience& limit) {
    if (what.code() != errc::incompatible_type) throw;
    std::string misfits;
    try {
        if (server.extensions()) misfits = misfits_of(server, what, caller, limit);
    } catch (const error&) {
        // it cannot be explained; what failed is still what the caller is to know
    }
    if (misfits.empty()) throw what;
    throw what.explained(misfits);
}

}  // namespace signet::face
