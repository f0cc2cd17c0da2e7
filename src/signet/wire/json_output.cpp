// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/json_output.hpp>

#include <signet/base/error.hpp>

namespace signet::wire::detail {

void json_output::check_limit() const {
    if (out_.size() - begin_ <= json_bytes_max) return;
    throw error{errc::too_large, "print a message as JSON", descriptor_.name(),
                "it would take more than 64 MiB"};
}

bool json_output::is_line_each(const type_info& element) const {
    return is_indented() && !is_scalar(element.kind) && element.kind != type_kind::enumeration;
}

void json_output::open(char bracket) {
    out_ += bracket;
    ++depth_;
}

void json_output::next(bool first, bool on_new_line) {
    if (!first) out_ += is_indented() && !on_new_line ? ", " : ",";
    if (on_new_line) new_line();
}

void json_output::close(char bracket, bool on_new_line) {
    --depth_;
    if (on_new_line) new_line();
    out_ += bracket;
}

void json_output::name(std::string_view name) {
    append_json_text(out_, name);
    out_ += is_indented() ? ": " : ":";
}

void json_output::new_line() {
    out_ += '\n';
    out_.append(2 * depth_, ' ');
}

}  // namespace signet::wire::detail
