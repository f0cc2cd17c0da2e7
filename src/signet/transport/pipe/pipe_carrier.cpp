// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/pipe/pipe_carrier.hpp>

#include <signet/base/error.hpp>
#include <signet/os/inherited.hpp>
#include <signet/transport/channel_frame.hpp>
#include <signet/transport/pipe/pipe_stream.hpp>
#include <signet/transport/stream_channel.hpp>

#include <charconv>
#include <utility>

namespace signet::transport::pipe {
namespace {

constexpr carrier_facts pipe_facts{
    .scheme = "pipe",
    .addresses = "pipe:, pipe:3,4",
    .use_when = "this program was started by the other end, with pipes",
    .message_bytes_max = frame_header::message_bytes_max,
    .speaks_plain = true,
    .listens = false,
};

struct two_numbers {
    int reading = 0;
    int writing = 1;
};

[[noreturn]] void complain(const std::string& where, const char* why) {
    throw error{errc::bad_name, "use address", "pipe:" + where, why};
}

// Takes a number off the front of `rest`.
int take_number(std::string_view& rest, const std::string& where) {
    int number = -1;
    const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (problem != std::errc{} || number < 0) {
        complain(where, "use pipe: for standard input and output, or pipe:3,4 for others");
    }
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    return number;
}

two_numbers numbers_of(const std::string& where) {
    if (where.empty()) return {};
    std::string_view rest{where};
    const int reading = take_number(rest, where);
    if (!rest.starts_with(',')) complain(where, "two numbers are needed, such as pipe:3,4");
    rest.remove_prefix(1);
    const int writing = take_number(rest, where);
    if (!rest.empty()) complain(where, "after the second number nothing is to follow");
    if (reading == writing) complain(where, "a pipe has one direction, so it takes two of them");
    return {reading, writing};
}

// Both are looked at before either is taken, so that a refusal changes nothing.
std::unique_ptr<pipe_stream> take_over(const two_numbers& numbers) {
    os::pipe_reader::adopt(os::duplicate(numbers.reading));
    os::pipe_writer::adopt(os::duplicate(numbers.writing));
    return std::make_unique<pipe_stream>(
        os::pipe_reader::adopt(os::take_inherited(numbers.reading)),
        os::pipe_writer::adopt(os::take_inherited(numbers.writing)));
}

std::unique_ptr<pipe_stream> open_inherited(const std::string& where) {
    const two_numbers numbers = numbers_of(where);
    try {
        return take_over(numbers);
    } catch (const error& why) {
        throw error{why.code(), "open channel", "pipe:" + where,
                    "descriptors " + std::to_string(numbers.reading) + " and " +
                        std::to_string(numbers.writing) +
                        " are to be pipes; start this program by exec:, or in a shell's pipe"};
    }
}

class pipe_carrier final : public carrier {
public:
    const carrier_facts& facts() const noexcept override { return pipe_facts; }

    std::unique_ptr<channel_end> connect(const std::string& where, const channel_types& types,
                                         const channel_options& options) const override {
        return stream_channel::connect(open_inherited(where), "pipe:" + where, types, options,
                                       after(options.handshake_limit));
    }

    std::unique_ptr<channel_listener> listen(const std::string& where, const channel_types&,
                                             const channel_options&) const override {
        throw error{errc::unsupported, "listen at", "pipe:" + where,
                    "whoever started this program is at the other end already; open a channel"};
    }
};

}  // namespace

const carrier& the_pipe_carrier() noexcept {
    static const pipe_carrier only;
    return only;
}

}  // namespace signet::transport::pipe
