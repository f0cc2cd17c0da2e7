// SPDX-License-Identifier: Apache-2.0
// How Signet says that something went wrong. A failure of the environment throws `error`; a mistake
// of the programmer throws `contract_violation`. Both carry one complete sentence in what(): what
// was tried, on what, why it failed, and where it helps what to do about it. Both may be thrown and
// copied in any thread.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace signet {

/// What went wrong, where the kernel has no number for it.
enum class errc {
    bad_name = 1,          ///< a topic name or address that breaks the rules for names
    bad_option,            ///< an option outside its range
    incompatible_type,     ///< the two ends were built with different layouts
    incompatible_version,  ///< the two ends speak different versions of the protocol
    refused,               ///< the peer declined, for the reason it gave
    untrusted,             ///< a peer or a directory belongs to somebody it should not belong to
    peer_misbehaved,       ///< a peer wrote something no correct peer writes
    peer_died,             ///< the process at the other end is gone
    limit_reached,         ///< one of our own limits, named in the text
    too_large,             ///< a payload over the limit of its topic
    unsupported,           ///< this carrier, file system or kernel cannot do it
    forked,                ///< an endpoint was used in a child process it was not made for
    evicted,               ///< a subscriber held its publisher back for too long
    owner_died,            ///< who held it died; what it guards may be half changed
    damaged,               ///< shared memory holds what no correct process writes there
    failed_remotely,       ///< a handler in another process threw
};

/// The category of `errc`; its name is "signet".
const std::error_category& signet_category() noexcept;

std::error_code make_error_code(errc code) noexcept;

/// A failure of the environment: of the kernel, of a peer, of a limit.
class error : public std::system_error {
public:
    /// `operation` is a verb phrase ("map memory"), `subject` what it was about (a name or a path,
    /// may be empty), `advice` a sentence on what to do (may be empty).
    error(std::error_code code, std::string_view operation, std::string_view subject = {},
          std::string_view advice = {});

    const std::string& operation() const noexcept { return operation_; }
    const std::string& subject() const noexcept { return subject_; }
    const std::string& advice() const noexcept { return advice_; }
    const char* what() const noexcept override { return text_.c_str(); }

private:
    std::string operation_;
    std::string subject_;
    std::string advice_;
    std::string text_;
};

/// A use of the library that its documentation forbids. Fix the program; do not catch this.
class contract_violation : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

}  // namespace signet

template <>
struct std::is_error_code_enum<signet::errc> : std::true_type {};
