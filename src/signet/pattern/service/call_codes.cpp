// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/service/call_codes.hpp>

#include <signet/os/ancillary.hpp>
#include <signet/transport/patient_wait.hpp>
#include <signet/wire/arguments.hpp>

#include <cxxabi.h>

#include <algorithm>
#include <array>
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
    if (text == code::unreachable) return make_error_code(errc::peer_died);
    if (text == code::cancelled) return std::make_error_code(std::errc::operation_canceled);
    return make_error_code(errc::refused);
}

ran ran_of(std::string_view text) {
    return text == "no" ? ran::no : text == "yes" ? ran::yes : ran::maybe;
}

}  // namespace

void append_hello(std::vector<std::byte>& into, std::size_t files_max) {
    wire::append_values(into, rpc_version,
                        std::min<std::size_t>(files_max, os::message_descriptors_max));
}

std::uint32_t files_max_in(const wire::rpc_frame& hello) {
    std::uint64_t version = 0;
    std::uint32_t files_max = 0;
    wire::value_reader from{hello.body, hello.arguments};
    return from.take(version) && from.take(files_max) ? files_max : 0;
}

std::uint32_t files_max_in_answer(const wire::rpc_frame& answer) {
    std::array<std::uint32_t, 2> said{};
    wire::value_reader from{answer.body, 1};
    return answer.error.empty() && from.take(said) ? said[1] : 0;
}

void require_free(std::string_view name) {
    if (!name.starts_with(reserved_names)) return;
    throw contract_violation{"handle '" + std::string{name} +
                             "': names that begin with 'signet.' are taken"};
}

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

std::exception_ptr as_exception(std::string_view method, wire::rpc_failure what) try {
    throw_failure(method, std::move(what));
} catch (...) {
    return std::current_exception();
}

call_error given_up(const transport::patience& limit, std::string_view method, ran did) {
    if (limit.stop.stop_requested()) {
        return {std::make_error_code(std::errc::operation_canceled), method, "a stop was asked for",
                did};
    }
    if (!transport::is_over(limit)) {
        return {std::make_error_code(std::errc::operation_canceled), method,
                "whoever called who calls gave up", did};
    }
    return {std::make_error_code(std::errc::timed_out), method, "", did};
}

std::exception_ptr peer_gone() {
    return std::make_exception_ptr(
        error{errc::peer_died, "call", {}, "the server closed the connection, or died"});
}

void rethrow_as_call(const std::exception_ptr& why, std::string_view method, ran did) {
    try {
        std::rethrow_exception(why);
    } catch (const error& e) {
        throw call_error{e.code(), method, e.advice().empty() ? e.what() : e.advice(), did};
    }
}

}  // namespace signet::pattern
