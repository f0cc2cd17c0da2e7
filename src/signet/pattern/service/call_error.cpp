// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/service/call_error.hpp>

namespace signet {
namespace {

std::string_view words_of(ran did) {
    switch (did) {
        case ran::no: return "it did not run";
        case ran::yes: return "it ran";
        case ran::maybe: break;
    }
    return "it may have run";
}

}  // namespace

std::string call_error::sentence(std::string_view why, signet::ran did) {
    std::string text{why};
    if (!text.empty()) text += "; ";
    return text.append(words_of(did));
}

call_error call_error::explained(std::string_view more) const {
    return {whole_sentence{}, *this, advice() + "; " + std::string{more}};
}

std::string remote_error::shown(const std::string& type, const std::string& text) {
    if (type.empty()) return text;
    return text.empty() ? type : type + ": " + text;
}

}  // namespace signet
