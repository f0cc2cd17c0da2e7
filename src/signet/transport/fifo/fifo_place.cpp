// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/fifo/fifo_place.hpp>

#include <signet/base/error.hpp>

#include <algorithm>

namespace signet::transport::fifo {
namespace {

// The length of the directory's part, with its slash.
std::size_t check(const std::string& where) {
    const std::size_t slash = where.rfind('/');
    if (!where.starts_with('/') || slash + 1 == where.size()) {
        throw error{errc::bad_name, "use address", "fifo://" + where,
                    "give it an absolute path, such as fifo:///run/robot"};
    }
    return slash + 1;
}

// Cuts `ending` off; whether it was there.
bool cut(std::string_view& text, std::string_view ending) {
    if (!text.ends_with(ending)) return false;
    text.remove_suffix(ending.size());
    return true;
}

}  // namespace

fifo_place::fifo_place(const std::string& where)
    : text_{"fifo://" + where},
      name_{where.substr(check(where))},
      directory_{os::directory::open(where.substr(0, check(where)))} {}

std::string fifo_place::with(std::string_view number, std::string_view ending) const {
    std::string whole = name_;
    if (!number.empty()) whole.append(".").append(number);
    return whole.append(ending);
}

std::optional<std::string> fifo_place::private_pipe(std::string_view entry) const {
    cut(entry, ".lock");
    std::string_view rest = entry;
    if (!cut(rest, ".in") && !cut(rest, ".out")) return std::nullopt;
    if (!rest.starts_with(name_ + '.') || !is_number(rest.substr(name_.size() + 1))) {
        return std::nullopt;
    }
    return std::string{entry};
}

bool is_number(std::string_view text) noexcept {
    return text.size() == number_digits && std::all_of(text.begin(), text.end(), [](char one) {
               return (one >= '0' && one <= '9') || (one >= 'a' && one <= 'f');
           });
}

}  // namespace signet::transport::fifo
