// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/service/call_codes.hpp>

#include <signet/pattern/service/call_error.hpp>

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <system_error>
#include <typeinfo>
#include <utility>

namespace signet::pattern {
namespace {

struct free_memory {
    void operator()(char* memory) const noexcept { std::free(memory); }
};

std::string readable_name(const std::type_info& type) {
    int status = 0;
    const std::unique_ptr<char, free_memory> name{
        abi::__cxa_demangle(type.name(), nullptr, nullptr, &status)};
    return name ? name.get() : type.name();
}

std::error_code code_of(std::string_view text) {
    if (text == code::unknown_method) return make_error_code(errc::bad_name);
    if (text == code::bad_arguments) return make_error_code(errc::incompatible_type);
    if (text == code::expired) return std::make_error_code(std::errc::timed_out);
    if (text == code::overloaded) return make_error_code(errc::limit_reached);
    if (text == code::cancelled) return std::make_error_code(std::errc::operation_canceled);
    return make_error_code(errc::refused);
}

ran ran_of(std::string_view text) {
    return text == "no" ? ran::no : text == "yes" ? ran::yes : ran::maybe;
}

}  // namespace

wire::rpc_failure not_run(std::string_view code, std::string text) {
    return {.code = std::string{code}, .type = {}, .text = std::move(text), .ran = "no"};
}

wire::rpc_failure thrown_failure() {
    try {
        throw;
    } catch (const std::exception& e) {
        return {.code = {}, .type = readable_name(typeid(e)), .text = e.what(), .ran = "yes"};
    } catch (...) {  // a user may throw anything; its type is all there is to tell
        const std::type_info* const type = abi::__cxa_current_exception_type();
        std::string name = type == nullptr ? "an exception" : readable_name(*type);
        return {.code = {}, .type = std::move(name), .text = {}, .ran = "yes"};
    }
}

void throw_failure(std::string_view method, wire::rpc_failure what) {
    if (!what.code.empty()) {
        throw call_error{code_of(what.code), method, what.text, ran_of(what.ran)};
    }
    throw remote_error{method, std::move(what.type), std::move(what.text), ran_of(what.ran)};
}

}  // namespace signet::pattern
