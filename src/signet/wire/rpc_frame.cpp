// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/rpc_frame.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/cursor.hpp>
#include <signet/wire/format.hpp>
#include <signet/wire/tail.hpp>
#include <signet/wire/utf8.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace signet::wire {
namespace {

using detail::cursor;

constexpr std::uint8_t rider_type = 0x53;

/// What the entries of a rider are called.
enum class rider_key : std::uint8_t {
    nanoseconds_left = 1,
    priority = 2,
    specials = 3,
    descriptors = 4,
    uses = 5,
};

/// What is shown of somebody's error, at most.
constexpr std::size_t failure_text_max = 64 * 1024;

[[noreturn]] void complain(const std::string& why) {
    throw error{
        errc::peer_misbehaved, "read call", {}, "it is no frame of MessagePack-RPC: " + why};
}

void require(bool taken, const cursor& from, const char* what) {
    if (!taken) complain(std::string{what} + ": " + from.complaint());
}

std::string_view as_text(std::span<const std::byte> body) {
    return {reinterpret_cast<const char*>(body.data()), body.size()};
}

// ---- reading ------------------------------------------------------------------------------------

bool take_entry(cursor& from, rpc_rider& into) {
    std::uint64_t key = 0;
    if (!from.take_number(key)) return false;
    if (key > static_cast<unsigned>(rider_key::uses)) return from.skip();
    switch (rider_key{static_cast<std::uint8_t>(key)}) {
        case rider_key::nanoseconds_left: return from.take_number(into.nanoseconds_left.emplace());
        case rider_key::priority: return from.take_number(into.priority);
        case rider_key::specials: return from.take_number(into.specials);
        case rider_key::descriptors: return from.take_number(into.descriptors);
        case rider_key::uses: return from.take_number(into.uses);
    }
    return from.skip();
}

bool read_rider(std::span<const std::byte> body, rpc_rider& into) {
    cursor from{body};
    std::size_t entries = 0;
    if (!from.take_map_head(entries)) return false;
    for (std::size_t i = 0; i < entries; ++i) {
        if (!take_entry(from, into)) return false;
    }
    return from.left() == 0;
}

// An ext of any other type is an argument like all others.
bool take_rider(cursor& from, rpc_rider& into) {
    if (!from.at(format::ext8) || from.left() < 3) return false;
    const auto rest = from.rest();
    const auto size = detail::load_once<std::uint8_t>(rest.data() + 1);
    const auto type = detail::load_once<std::uint8_t>(rest.data() + 2);
    if (type != rider_type) return false;
    if (size > rest.size() - 3) complain("its rider is longer than the frame");
    if (!read_rider(rest.subspan(3, size), into)) complain("its rider cannot be read");
    return from.skip();
}

void take_call(cursor& from, rpc_frame& into) {
    std::span<const std::byte> method;
    require(from.take_text(method), from, "the name of the method");
    into.method = as_text(method);
    require(from.take_list_head(into.arguments), from, "the parameters");
    if (into.arguments != 0 && take_rider(from, into.rider)) --into.arguments;
    into.body = from.rest();
}

void take_response(cursor& from, rpc_frame& into) {
    const auto begin = from.rest();
    const bool went_well = from.take_nil();
    if (!went_well) {
        require(from.skip(), from, "the error");
        into.error = begin.first(begin.size() - from.left());
    }
    into.body = from.rest();
}

std::size_t fields_of(rpc_kind kind) {
    return kind == rpc_kind::notification ? 3 : 4;
}

constexpr std::size_t usual_head_bytes = 7;

// The head as we write it; any other one, be it right or wrong, is for the cursor.
bool take_usual_head(std::span<const std::byte> bytes, rpc_frame& into) {
    if (bytes.size() < sizeof(std::uint64_t)) return false;
    const auto head = detail::load_once<std::uint64_t>(bytes.data());
    const std::uint64_t kind = head >> 48 & 0xff;
    if ((head >> 40 | 0x100) != 0x9401ce) return false;
    into.kind = rpc_kind{static_cast<std::uint8_t>(kind)};
    into.id = static_cast<std::uint32_t>(head >> 8);
    return true;
}

void take_head(cursor& from, rpc_frame& frame) {
    std::size_t count = 0;
    std::uint8_t kind = 0;
    require(from.take_list_head(count), from, "the frame");
    if (count != 3 && count != 4) complain("it has " + std::to_string(count) + " parts");
    require(from.take_number(kind), from, "its kind");
    if (kind > 2) complain("its kind is " + std::to_string(kind));
    frame.kind = rpc_kind{kind};
    if (count != fields_of(frame.kind)) complain("it has " + std::to_string(count) + " parts");
    if (count == 4) require(from.take_number(frame.id), from, "its id");
}

}  // namespace

rpc_frame read_rpc_frame(std::span<const std::byte> bytes) {
    rpc_frame frame;
    const bool usual = take_usual_head(bytes, frame);
    cursor from{bytes.subspan(usual ? usual_head_bytes : 0)};
    if (!usual) take_head(from, frame);
    frame.kind == rpc_kind::response ? take_response(from, frame) : take_call(from, frame);
    return frame;
}

// ---- what is read most --------------------------------------------------------------------------

namespace {

/// Whether they are so many values, each of which tells its length by its mark.
bool are_short_values(std::span<const std::byte> bytes, std::uint64_t count) {
    std::size_t at = 0;
    while (count != 0 && at < bytes.size()) {
        const detail::short_tail after =
            detail::short_tails[detail::load_once<std::uint8_t>(bytes.data() + at)];
        if (after.step == 0) return false;
        at += after.step;
        count += static_cast<std::uint64_t>(static_cast<std::int64_t>(after.values));
    }
    return count == 0 && at == bytes.size();
}

// A rider's mark does not tell its length.
bool take_plain_call(std::span<const std::byte> bytes, rpc_frame& into) {
    const std::size_t size = detail::load_once<std::uint8_t>(bytes.data()) - format::fixstr;
    if (size >= 32 || bytes.size() < 2 + size) return false;
    into.method = as_text(bytes.subspan(1, size));
    into.arguments =
        detail::load_once<std::uint8_t>(bytes.data() + 1 + size) - std::size_t{format::fixarray};
    into.body = bytes.subspan(2 + size);
    return into.arguments < 16 && are_short_values(into.body, into.arguments);
}

bool take_plain_result(std::span<const std::byte> bytes, rpc_frame& into) {
    if (detail::load_once<std::uint8_t>(bytes.data()) != format::nil) return false;
    into.body = bytes.subspan(1);
    return are_short_values(into.body, 1);
}

}  // namespace

bool read_plain_frame(std::span<const std::byte> bytes, rpc_frame& into) {
    into = {};
    if (!take_usual_head(bytes, into)) return false;
    const auto rest = bytes.subspan(usual_head_bytes);
    return into.kind == rpc_kind::response ? take_plain_result(rest, into)
                                           : take_plain_call(rest, into);
}

// ---- writing ------------------------------------------------------------------------------------

namespace {

/// Room for at most so many bytes behind a vector, which has them when this goes. Few of them are
/// written elsewhere first: that costs less than to fill more of the vector than is used.
class end_of {
public:
    end_of(std::vector<std::byte>& into, std::size_t most) : into_{into}, begin_{into.size()} {
        const std::size_t there = into_.capacity();
        if (there - begin_ < most) into_.reserve(std::max(2 * there, begin_ + most));
        if (most > few_.size()) into_.resize(begin_ + most);
        at_ = most > few_.size() ? into_.data() + begin_ : few_.data();
    }
    ~end_of() {
        if (into_.size() == begin_) {
            into_.insert(into_.end(), few_.data(), at_);
        } else {
            into_.resize(static_cast<std::size_t>(at_ - into_.data()));
        }
    }
    end_of(const end_of&) = delete;
    end_of& operator=(const end_of&) = delete;

    void mark(unsigned value) { at_ = format::put_mark(at_, value); }
    template <class Number>
    void number(Number value) {
        at_ = format::put_number(at_, value);
    }
    /// The first bytes of a word; there is room for all of it.
    void word(std::uint64_t value, std::size_t bytes) {
        const std::uint64_t turned = format::big_endian(value);
        std::memcpy(at_, &turned, sizeof turned);
        at_ += bytes;
    }
    std::byte* room(std::size_t bytes) { return std::exchange(at_, at_ + bytes); }
    std::byte* at() const noexcept { return at_; }
    void list(std::size_t count) { at_ = format::put_list_head(at_, count); }
    void text(std::string_view value) {
        at_ =
            format::put_body(format::put_text_head(at_, value.size()), value.data(), value.size());
    }

private:
    std::vector<std::byte>& into_;
    std::size_t begin_;
    std::byte* at_;
    std::array<std::byte, 160> few_;
};

constexpr std::size_t heads_most = 32;  ///< all heads, marks and numbers of a frame together
constexpr std::size_t rider_most = 4 + 5 * (1 + 9);

class rider_writer {
public:
    explicit rider_writer(end_of& to) : to_{to}, head_{to.room(4)} {}
    ~rider_writer() {
        const auto bytes = static_cast<unsigned>(to_.at() - head_ - 3);
        std::byte* at = format::put_mark(head_, format::ext8);
        at = format::put_mark(format::put_mark(at, bytes), rider_type);
        format::put_mark(at, format::fixmap | entries_);
    }
    rider_writer(const rider_writer&) = delete;
    rider_writer& operator=(const rider_writer&) = delete;

    template <class Number>
    void put(rider_key key, Number value) {
        if (value == 0) return;
        to_.mark(static_cast<unsigned>(key));
        to_.number(value);
        ++entries_;
    }
    void put_time(std::uint64_t value) {
        to_.mark(static_cast<unsigned>(rider_key::nanoseconds_left));
        to_.number(value);
        ++entries_;
    }

private:
    end_of& to_;
    std::byte* head_;
    unsigned entries_ = 0;
};

void put_rider(end_of& to, const rpc_rider& rider) {
    rider_writer body{to};
    if (rider.nanoseconds_left) body.put_time(*rider.nanoseconds_left);
    body.put(rider_key::priority, rider.priority);
    body.put(rider_key::specials, rider.specials);
    body.put(rider_key::descriptors, rider.descriptors);
    body.put(rider_key::uses, rider.uses);
}

/// The head of a request or a response in a word, with room for one more mark.
constexpr std::uint64_t head_of(rpc_kind kind, std::uint32_t id) {
    return std::uint64_t{0x9400ce} << 40 | static_cast<std::uint64_t>(kind) << 48 |
           std::uint64_t{id} << 8;
}

void put_entry(end_of& to, std::string_view key, std::string_view value) {
    if (value.empty()) return;
    to.text(key);
    to.text(value);
}

// What most requests have before their arguments.
void put_plain_head(std::vector<std::byte>& into, std::uint32_t id, std::string_view method,
                    std::size_t arguments) {
    std::array<std::byte, sizeof(std::uint64_t) + 32> head;
    const std::uint64_t begin =
        format::big_endian(head_of(rpc_kind::request, id) | format::fixstr | method.size());
    std::memcpy(head.data(), &begin, sizeof begin);
    std::byte* const end = format::put_list_head(
        format::put_body(head.data() + sizeof begin, method.data(), method.size()), arguments);
    into.insert(into.end(), head.data(), end);
}

}  // namespace

void put_request_head(std::vector<std::byte>& into, std::uint32_t id, std::string_view method,
                      const rpc_rider& rider, std::size_t arguments) {
    if (rider.empty() && method.size() < 32 && arguments < 16) {
        return put_plain_head(into, id, method, arguments);
    }
    end_of to{into, heads_most + rider_most + method.size()};
    to.word(head_of(rpc_kind::request, id), usual_head_bytes);
    to.text(method);
    to.list(arguments + (rider.empty() ? 0 : 1));
    if (!rider.empty()) put_rider(to, rider);
}

void put_notification_head(std::vector<std::byte>& into, std::string_view method,
                           const rpc_rider& rider, std::size_t arguments) {
    end_of to{into, heads_most + rider_most + method.size()};
    to.mark(format::fixarray | 3);
    to.mark(static_cast<unsigned>(rpc_kind::notification));
    to.text(method);
    to.list(arguments + (rider.empty() ? 0 : 1));
    if (!rider.empty()) put_rider(to, rider);
}

void put_result_head(std::vector<std::byte>& into, std::uint32_t id) {
    const std::uint64_t head = format::big_endian(head_of(rpc_kind::response, id) | format::nil);
    const auto bytes = std::as_bytes(std::span{&head, 1});
    into.insert(into.end(), bytes.begin(), bytes.end());
}

void append_failure(std::vector<std::byte>& into, const rpc_failure& what) {
    const std::array<std::string_view, 4> values{what.code, what.type, what.text, what.ran};
    std::size_t bytes = 2 * heads_most;
    unsigned entries = 0;
    for (const auto value : values) {
        bytes += value.size();
        entries += value.empty() ? 0 : 1;
    }
    end_of to{into, bytes};
    to.mark(format::fixmap | entries);
    put_entry(to, "code", what.code);
    put_entry(to, "type", what.type);
    put_entry(to, "text", what.text);
    put_entry(to, "ran", what.ran);
}

void put_failure(std::vector<std::byte>& into, std::uint32_t id, const rpc_failure& what) {
    into.reserve(into.size() + heads_most);
    {
        end_of to{into, heads_most};
        to.mark(format::fixarray | 4);
        to.mark(static_cast<unsigned>(rpc_kind::response));
        to.number(id);
    }
    append_failure(into, what);
    into.push_back(std::byte{format::nil});
}

// ---- errors of others ---------------------------------------------------------------------------

namespace {

/// The text that stands here; where something else does, what it is, roughly.
std::string take_words(cursor& from) {
    std::span<const std::byte> body;
    std::int64_t number = 0;
    cursor look = from;
    if (look.take_text(body) || (look = from, look.take_bytes(body))) {
        from = look;
        return printable(as_text(body.first(std::min(body.size(), failure_text_max))));
    }
    look = from;
    if (look.take_number(number)) return from = look, std::to_string(number);
    if (!from.skip()) complain("its error is not complete");
    return "an error that is neither text nor number";
}

void take_named(cursor& from, rpc_failure& into) {
    std::size_t entries = 0;
    from.take_map_head(entries);
    for (std::size_t i = 0; i < entries; ++i) {
        const std::string key = take_words(from);
        std::string value = take_words(from);
        if (key == "code")
            into.code = std::move(value);
        else if (key == "type")
            into.type = std::move(value);
        else if (key == "text" || key == "message")
            into.text = std::move(value);
        else if (key == "ran")
            into.ran = std::move(value);
    }
}

}  // namespace

rpc_failure read_failure(std::span<const std::byte> error) {
    cursor from{error};
    rpc_failure what;
    std::size_t count = 0;
    if (from.at_map()) {
        take_named(from, what);
    } else if (from.at(format::fixarray | 2) && from.take_list_head(count)) {
        what.type = take_words(from);  // as Neovim has it
        what.text = take_words(from);
    } else {
        what.text = take_words(from);
    }
    return what;
}

}  // namespace signet::wire
