// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/file/log_name.hpp>

#include <signet/base/error.hpp>

namespace signet::transport::log_file {
namespace {

constexpr std::string_view end_query = "?from=end";

bool names_a_file(const std::string& path) {
    const std::string last = path.substr(path.rfind('/') + 1);
    return path.starts_with('/') && !last.empty() && last != "." && last != ".." &&
           path.find('\0') == std::string::npos && path.find('?') == std::string::npos;
}

}  // namespace

log_name::log_name(const std::string& where)
    : path_{where}, text_{"file://" + where}, from_end_{where.ends_with(end_query)} {
    if (from_end_) path_.resize(path_.size() - end_query.size());
    if (names_a_file(path_)) return;
    throw error{
        errc::bad_name, "use address", text_,
        "use file:///path/of/a/log, or file:///path?from=end to read what comes from now on"};
}

writer_lock::writer_lock(const log_name& of)
    : file_{os::file::open_or_create(of.path())},
      lock_{os::range_lock::try_take(file_, os::lock_kind::exclusive, writer_range)} {
    if (lock_) return;
    throw error{std::make_error_code(std::errc::address_in_use), "listen at", of.text(),
                "a living process writes there; to read it, connect"};
}

}  // namespace signet::transport::log_file
