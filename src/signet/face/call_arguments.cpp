// SPDX-License-Identifier: Apache-2.0
#include <signet/face/call_arguments.hpp>

#include <signet/base/error.hpp>
#include <signet/pattern/service/call_session.hpp>

#include <mutex>

namespace signet::face {
namespace {

/// What a thread keeps of its largest arguments.
constexpr std::size_t kept_bytes_max = std::size_t{1} << 20;

}  // namespace

// ---- writing ------------------------------------------------------------------------------------

std::vector<std::byte>& packing_room() {
    static thread_local std::vector<std::byte> room;
    if (room.capacity() > kept_bytes_max) room = {};
    room.clear();
    return room;
}

pattern::call_request argument_list::request(std::string_view method, std::uint8_t priority) const {
    return {.method = method,
            .arguments = count_,
            .body = body_,
            .rider = {.priority = priority,
                      .specials = specials_,
                      .descriptors = static_cast<std::uint32_t>(descriptors_.size())},
            .descriptors = descriptors_};
}

void argument_list::append_special(wire::special kind, std::uint32_t number) {
    wire::append_special(body_, {kind, number});
    ++specials_;
}

void argument_list::append_file(int number) {
    append_special(wire::special::descriptor, static_cast<std::uint32_t>(descriptors_.size()));
    descriptors_.push_back(number);
}

// The memory lasts as long as the argument, which is longer than the call is sent.
void argument_list::append_large(const transport::shm::sealed_memory* memory) {
    const std::size_t files = descriptors_.size();
    if (memory == nullptr) return wire::append_bytes(body_, {});
    const bool more = on_ != nullptr ? on_->files_left(files) != 0 : host_.files_max() > files;
    more ? append_file(memory->file().get()) : wire::append_bytes(body_, memory->bytes());
}

void argument_list::lend(std::shared_ptr<pattern::outgoing_stream> stream) {
    if (stream->begun()) throw contract_violation{"a stream is an argument of two calls"};
    stream->number_as(host_.new_number());
    append_special(wire::special::stream, stream->number());
    of_->lend(std::move(stream));
}

void argument_list::lend(pattern::method_body body) {
    const std::uint32_t number = host_.new_number();
    append_special(wire::special::function, number);
    of_->lend(number, std::move(body));
}

// ---- reading ------------------------------------------------------------------------------------

void complain_of_item(const std::string& why) {
    throw error{errc::incompatible_type, "read stream", {}, "an item " + why};
}

void complain_of_result(const std::string& method, const std::string& wanted,
                        const std::string& why) {
    throw call_error{errc::incompatible_type, method, "its result is not " + wanted + ": " + why,
                     ran::yes};
}

const char* read_large(pattern::outgoing_call& from, std::size_t item_bytes, large_memory& into) {
    const pattern::frame_bytes result = from.result();
    auto files = from.take_descriptors();
    if (!files.empty()) return take_large(std::move(files.front()), item_bytes, into);
    std::span<const std::byte> bytes;
    wire::value_reader reader{result, 1};
    if (!reader.take_bytes(bytes)) return "is neither memory nor bytes";
    return copy_large(bytes, item_bytes, into);
}

bool take_large(wire::value_reader& from, pattern::incoming_call& call, std::size_t item_bytes,
                large_memory& into) {
    std::uint32_t number = 0;
    std::span<const std::byte> bytes;
    const bool as_file = from.next_special() == wire::special::descriptor;
    const bool taken = as_file ? from.take(wire::special::descriptor, number, "is no open file")
                               : from.take_bytes(bytes);
    if (!taken) return false;
    const char* const why = as_file ? take_large(call.take_descriptor(number), item_bytes, into)
                                    : copy_large(bytes, item_bytes, into);
    return why == nullptr || from.fail(why);
}

wire::rpc_failure wrong_arguments(const std::string& takes, const std::string& why) {
    return pattern::not_run(pattern::code::bad_arguments, "it takes " + takes + ": " + why);
}

void append_large(pattern::incoming_call& call, std::vector<std::byte>& into,
                  const transport::shm::sealed_memory* memory) {
    if (memory == nullptr) return wire::append_bytes(into, {});
    if (call.from().files_left(0) == 0) return wire::append_bytes(into, memory->bytes());
    call.reply_with(os::duplicate(memory->file().get()));
    wire::append_special(into, {wire::special::descriptor, 0});
}

void append_stream(pattern::incoming_call& call, std::vector<std::byte>& into,
                   std::shared_ptr<pattern::outgoing_stream> stream) {
    {
        const std::lock_guard locked{call.from().host.mutex()};
        if (call.from().writes_enough()) {
            throw error{errc::limit_reached,
                        "answer with a stream",
                        {},
                        "the caller reads too many streams already"};
        }
    }
    stream->number_as(call.from().host.new_number());
    wire::append_special(into, {wire::special::stream, stream->number()});
    call.reply_with(std::move(stream));
}

void append_items(const pattern::incoming_call& call, std::vector<std::byte>& into,
                  pattern::outgoing_stream& stream) {
    std::vector<std::byte> items;
    std::size_t count = 0;
    while (stream.next_item(items)) {
        ++count;
        if (items.size() > call.from().line->frame_bytes_max()) {
            throw error{errc::too_large,
                        "answer with a list",
                        {},
                        "the stream has no end, or a long one, and the caller knows no streams"};
        }
    }
    wire::append_list_head(into, count);
    into.insert(into.end(), items.begin(), items.end());
}

// ---- calling back -------------------------------------------------------------------------------

void call_caller(pattern::incoming_call& of, pattern::outgoing_call& under_way,
                 const pattern::call_request& request) {
    pattern::call_session& on = of.from();
    const transport::patience limit{of.until(), {}};
    under_way.call_it(request.method);
    {
        const std::lock_guard locked{on.host.mutex()};
        if (on.over) pattern::rethrow_as_call(pattern::peer_gone(), request.method, ran::no);
        under_way.enter(on);
    }
    if (!under_way.send(request, limit)) {
        pattern::rethrow_as_call(pattern::peer_gone(), request.method, ran::no);
    }
    under_way.finish(limit);
}

void lent_function::complain_of_end() {
    throw call_error{errc::refused, pattern::back_method,
                     "the call that lent this function has ended", ran::no};
}

}  // namespace signet::face
