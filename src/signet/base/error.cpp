// SPDX-License-Identifier: Apache-2.0
#include <signet/base/error.hpp>

namespace signet {
namespace {

class category final : public std::error_category {
public:
    const char* name() const noexcept override { return "signet"; }

    std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
            case errc::bad_name: return "bad name";
            case errc::bad_option: return "option out of range";
            case errc::incompatible_type: return "incompatible type";
            case errc::incompatible_version: return "incompatible protocol version";
            case errc::refused: return "refused by the peer";
            case errc::untrusted: return "not trusted";
            case errc::peer_misbehaved: return "the peer broke the protocol";
            case errc::peer_died: return "the peer is gone";
            case errc::limit_reached: return "limit reached";
            case errc::too_large: return "too large";
            case errc::unsupported: return "not supported";
            case errc::forked: return "used in a forked child";
            case errc::evicted: return "evicted";
            case errc::owner_died: return "owner died";
            case errc::damaged: return "damaged";
            case errc::failed_remotely: return "its handler failed";
        }
        return "unknown error";
    }
};

std::string sentence(const std::error_code& code, std::string_view operation,
                     std::string_view subject, std::string_view advice) {
    std::string text{"cannot "};
    text += operation;
    if (!subject.empty()) {
        text += " '";
        text += subject;
        text += '\'';
    }
    text += ": " + code.message();
    if (!advice.empty()) {
        text += "; ";
        text += advice;
    }
    return text;
}

}  // namespace

const std::error_category& signet_category() noexcept {
    static const category instance;
    return instance;
}

std::error_code make_error_code(errc code) noexcept {
    return {static_cast<int>(code), signet_category()};
}

error::error(std::error_code code, std::string_view operation, std::string_view subject,
             std::string_view advice)
    : std::system_error{code},
      operation_{operation},
      subject_{subject},
      advice_{advice},
      text_{sentence(code, operation, subject, advice)} {}

}  // namespace signet
