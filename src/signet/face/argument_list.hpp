// SPDX-License-Identifier: Apache-2.0
// The arguments of a call and its result, at the end that calls.
//
// Thread safety: an argument list belongs to the thread that makes the call.
#pragma once

#include <signet/face/call_types.hpp>
#include <signet/pattern/service/call_batch.hpp>
#include <signet/pattern/service/incoming_call.hpp>
#include <signet/pattern/service/outgoing_call.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace signet::face {

/// How a function does its work for anybody who calls it.
template <class Function>
pattern::method_body body_of(Function function);

/// Of the call that this thread is making; its memory is kept.
std::vector<std::byte>& packing_room();

class argument_list {
public:
    /// For a call on connections of `host`, which is lent what it needs beside values. Valid until
    /// the next one of this thread.
    argument_list(pattern::call_host& host, pattern::outgoing_call* of)
        : host_{host}, of_{of}, body_{packing_room()} {}

    /// For a call to who made a call, on its connection.
    argument_list(pattern::call_session& on, pattern::outgoing_call* of)
        : argument_list{on.host, of} {
        on_ = &on;
    }

    template <class T>
    void append(T&& value) {
        using type = std::remove_cvref_t<T>;
        ++count_;
        if constexpr (text_like<type>) {
            wire::append_value(body_, value);
        } else if constexpr (std::same_as<type, os::descriptor>) {
            append_file(value.get());
        } else if constexpr (is_stream<type> || is_stream_writer<type>) {
            lend(stream_access::writer(std::forward<T>(value)));
        } else if constexpr (is_large<type>) {
            append_large(large_access::memory_of(value).get());
        } else if constexpr (is_async_result<type>) {
            references_.push_back({body_.size(), &value.engine()});
            append_special(wire::special::result, 0);
        } else if constexpr (callable<type>) {
            lend(body_of(std::forward<T>(value)));
        } else {
            wire::append_value(body_, value);
        }
    }

    pattern::call_request request(std::string_view method, std::uint8_t priority) const;
    std::span<const pattern::call_batch::reference> references() const { return references_; }

private:
    void append_special(wire::special kind, std::uint32_t number);
    void append_file(int number);
    void append_large(const transport::shm::sealed_memory* memory);
    void lend(std::shared_ptr<pattern::outgoing_stream> stream);
    void lend(pattern::method_body body);

    pattern::call_host& host_;
    pattern::outgoing_call* of_;                 ///< null: a notification, which lends nothing
    const pattern::call_session* on_ = nullptr;  ///< null: the one that the host has then
    std::vector<std::byte>& body_;
    std::size_t count_ = 0;
    std::uint32_t specials_ = 0;
    std::vector<int> descriptors_;
    std::vector<pattern::call_batch::reference> references_;
};

/// Throws call_error, with ran::yes.
[[noreturn]] void complain_of_result(const std::string& method, const std::string& wanted,
                                     const std::string& why);

/// Why what came as a result is no large memory; null: `into` is it.
const char* read_large(pattern::outgoing_call& from, std::size_t item_bytes, large_memory& into);

/// The one value that a result is. Throws call_error, with ran::yes.
template <class Result>
Result read_result(pattern::outgoing_call& from) {
    const pattern::frame_bytes bytes = from.result();
    if constexpr (std::is_void_v<Result>) {
        return;
    } else if constexpr (is_stream<Result>) {
        if (auto stream = from.take_stream())
            return stream_access::reader<typename item_of<Result>::type>(std::move(stream));
        complain_of_result(from.method(), type_text<Result>(), "it is no stream");
    } else if constexpr (std::same_as<Result, os::descriptor>) {
        auto files = from.take_descriptors();
        if (!files.empty()) return std::move(files.front());
        complain_of_result(from.method(), type_text<Result>(), "there is none");
    } else if constexpr (is_large<Result>) {
        large_memory memory;
        const char* const why =
            read_large(from, sizeof(typename item_of_large<Result>::type), memory);
        if (why == nullptr) return large_access::made<Result>(std::move(memory));
        complain_of_result(from.method(), type_text<Result>(), std::string{"it "} + why);
    } else {
        Result value{};
        wire::value_reader reader{bytes, 1};
        if (reader.take(value) && reader.at_end()) return value;
        complain_of_result(from.method(), type_text<Result>(), reader.complaint());
    }
}

}  // namespace signet::face
