// SPDX-License-Identifier: Apache-2.0
// How a call fails: with the truth about whether it ran. `remote_error` is what its handler threw.
// Both may be thrown and copied in any thread.
#pragma once

#include <signet/base/error.hpp>

#include <string>
#include <string_view>
#include <system_error>

namespace signet {

/// Whether the handler of a call ran.
enum class ran {
    no,    ///< it did not begin, and never will
    yes,   ///< it came to its end, or threw
    maybe  ///< nobody can know any more
};

class call_error : public error {
public:
    /// `why` is what stands behind the sentence on what failed; may be empty.
    call_error(std::error_code code, std::string_view method, std::string_view why, signet::ran did)
        : error{code, "call", method, sentence(why, did)}, ran_{did} {}

    signet::ran ran() const noexcept { return ran_; }

    /// The same, with more to say on why.
    call_error explained(std::string_view more) const;

private:
    struct whole_sentence {};
    call_error(whole_sentence, const call_error& as, std::string_view advice)
        : error{as.code(), as.operation(), as.subject(), advice}, ran_{as.ran_} {}

    static std::string sentence(std::string_view why, signet::ran did);

    signet::ran ran_;
};

/// What the handler threw, or a server of another kind answered.
class remote_error : public call_error {
public:
    remote_error(std::string_view method, std::string type, std::string text, signet::ran did)
        : call_error{make_error_code(errc::failed_remotely), method, shown(type, text), did},
          type_{std::move(type)},
          text_{std::move(text)} {}

    /// The type of the exception, such as "std::out_of_range"; empty where nobody said.
    const std::string& type() const noexcept { return type_; }
    const std::string& text() const noexcept { return text_; }

private:
    static std::string shown(const std::string& type, const std::string& text);

    std::string type_;
    std::string text_;
};

}  // namespace signet
