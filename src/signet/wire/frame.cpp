// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/frame.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/utf8.hpp>

#include <algorithm>
#include <limits>

namespace signet::wire {
namespace {

constexpr unpack_limits frame_limits{.packed_bytes = frame_bytes_max, .elements = 8192, .depth = 4};

std::string kind_of(const unpacked_map& map) {
    for (const auto& [key, value] : map) {
        const auto* text = std::get_if<std::string>(&value.value);
        if (key == "kind" && text != nullptr && is_printable(*text)) return *text;
    }
    return {};
}

}  // namespace

packer& frame_writer::add(std::string_view key) {
    ++count_;
    body_.text(key);
    return body_;
}

frame_writer& frame_writer::put_flag(std::string_view key, bool flag) {
    add(key).flag(flag);
    return *this;
}

frame_writer& frame_writer::put_integer(std::string_view key, std::uint64_t integer) {
    add(key).integer(integer);
    return *this;
}

frame_writer& frame_writer::put_integer(std::string_view key, std::int64_t integer) {
    add(key).integer(integer);
    return *this;
}

frame_writer& frame_writer::put(std::string_view key, std::string_view text) {
    add(key).text(printable(text));
    return *this;
}

frame_writer& frame_writer::put(std::string_view key, std::span<const std::byte> bytes) {
    add(key).bytes(bytes);
    return *this;
}

frame_writer& frame_writer::put(std::string_view key, std::span<const frame_writer> list) {
    packer& body = add(key);
    body.list(list.size());
    for (const frame_writer& item : list) {
        body.map(item.count_);
        body.append(item.body_.packed());
    }
    return *this;
}

std::vector<std::byte> frame_writer::take() {
    packer frame;
    frame.map(std::exchange(count_, 0));
    frame.append(body_.take());
    if (frame.packed().size() <= frame_bytes_max) return frame.take();
    throw error{errc::too_large,
                "send a control frame",
                {},
                "it has " + std::to_string(frame.packed().size()) + " bytes; at most " +
                    std::to_string(frame_bytes_max) + " are allowed"};
}

frame_reader::frame_reader(std::span<const std::byte> frame) {
    unpacked whole = unpack(frame, frame_limits, "frame");
    auto* map = std::get_if<unpacked_map>(&whole.value);
    if (map == nullptr) misbehaved("kind", "has no map around it");
    map_ = std::move(*map);
    kind_ = text("kind");
}

frame_reader::frame_reader(std::string kind, unpacked_map map)
    : kind_{std::move(kind)}, map_{std::move(map)} {}

void frame_reader::misbehaved(std::string_view key, std::string_view why) const {
    std::string advice{"key '"};
    advice += key;
    advice += "' ";
    advice += why;
    throw error{errc::peer_misbehaved, "read frame", kind_, advice};
}

const unpacked* frame_reader::find(std::string_view key) const noexcept {
    const auto found = std::find_if(map_.begin(), map_.end(),
                                    [&](const unpacked_entry& entry) { return entry.key == key; });
    return found == map_.end() ? nullptr : &found->value;
}

const unpacked& frame_reader::at(std::string_view key) const {
    if (const unpacked* found = find(key)) return *found;
    misbehaved(key, "is missing");
}

template <class Type>
const Type& frame_reader::get(std::string_view key, std::string_view expected) const {
    if (const auto* value = std::get_if<Type>(&at(key).value)) return *value;
    misbehaved(key, expected);
}

bool frame_reader::has(std::string_view key) const noexcept {
    return find(key) != nullptr;
}

std::uint64_t frame_reader::u64(std::string_view key) const {
    return get<std::uint64_t>(key, "is not an integer from 0 on");
}

std::uint64_t frame_reader::u64_or(std::string_view key, std::uint64_t otherwise) const {
    return has(key) ? u64(key) : otherwise;
}

std::int64_t frame_reader::i64(std::string_view key) const {
    if (const auto* negative = std::get_if<std::int64_t>(&at(key).value)) return *negative;
    const std::uint64_t value = get<std::uint64_t>(key, "is not an integer");
    if (value <= std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
        return static_cast<std::int64_t>(value);
    }
    misbehaved(key, "is an integer out of range");
}

std::int64_t frame_reader::i64_or(std::string_view key, std::int64_t otherwise) const {
    return has(key) ? i64(key) : otherwise;
}

bool frame_reader::flag(std::string_view key) const {
    return get<bool>(key, "is neither true nor false");
}

bool frame_reader::flag_or(std::string_view key, bool otherwise) const {
    return has(key) ? flag(key) : otherwise;
}

std::string_view frame_reader::text(std::string_view key) const {
    const auto& value = get<std::string>(key, "is not text");
    if (!is_printable(value)) misbehaved(key, "is not printable text");
    return value;
}

std::string_view frame_reader::text_or(std::string_view key, std::string_view otherwise) const {
    return has(key) ? text(key) : otherwise;
}

std::span<const std::byte> frame_reader::bytes(std::string_view key) const {
    return get<unpacked_bytes>(key, "is not a string of bytes");
}

std::span<const std::byte> frame_reader::bytes_or(std::string_view key,
                                                  std::span<const std::byte> otherwise) const {
    return has(key) ? bytes(key) : otherwise;
}

std::vector<frame_reader> frame_reader::list(std::string_view key) const {
    std::vector<frame_reader> readers;
    if (!has(key)) return readers;
    for (const unpacked& item : get<unpacked_list>(key, "is not a list")) {
        const auto* map = std::get_if<unpacked_map>(&item.value);
        if (map == nullptr) misbehaved(key, "has an element that is not a map");
        std::string inner = kind_of(*map);
        readers.push_back(frame_reader{inner.empty() ? kind_ : std::move(inner), *map});
    }
    return readers;
}

}  // namespace signet::wire
