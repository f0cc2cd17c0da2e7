// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/cursor.hpp>

#include <signet/wire/tail.hpp>

namespace signet::wire::detail {

bool cursor::take_big_endian(std::size_t bytes, std::uint64_t& value) {
    if (bytes > left()) return false;
    value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | load_once<std::uint8_t>(at_ + i);
    at_ += bytes;
    return true;
}

bool cursor::take_long_head(const family& of, unsigned mark, std::size_t& size) {
    const std::size_t bytes = mark == of.mark16 ? 2 : mark == of.mark32 ? 4 : 1;
    if (bytes == 1 && (of.mark8 == 0 || mark != of.mark8)) return false;
    ++at_;
    std::uint64_t value = 0;
    if (!take_big_endian(bytes, value)) return false;
    size = value;
    return true;
}

bool cursor::take_wide(wide_integer& value) {
    if (left() == 0) return false;
    const unsigned mark = load_once<std::uint8_t>(at_++);
    if (mark < format::fixmap) {
        value = {mark, false};
        return true;
    }
    if (mark >= format::negative_fixint) {
        value = {static_cast<std::uint64_t>(static_cast<std::int64_t>(mark) - 256), true};
        return true;
    }
    const bool is_signed = is_within(mark, format::i8, format::i64);
    if (!is_signed && !is_within(mark, format::u8, format::u64)) return false;
    const std::size_t bytes = std::size_t{1} << (mark - (is_signed ? format::i8 : format::u8));
    if (!take_big_endian(bytes, value.bits)) return false;
    const unsigned unused = static_cast<unsigned>(64 - 8 * bytes);
    value.is_negative = is_signed && value.bits >> (63 - unused) != 0;
    if (value.is_negative && unused != 0) value.bits |= ~std::uint64_t{0} << (64 - unused);
    return true;
}

bool cursor::take_flag(bool& value) {
    if (left() == 0) return false;
    const unsigned mark = load_once<std::uint8_t>(at_++);
    value = mark == format::yes;
    return value || mark == format::no;
}

bool cursor::take_wide_real(double& value) {
    if (left() == 0) return false;
    const unsigned mark = load_once<std::uint8_t>(at_);
    if (mark == format::f32 || mark == format::f64) {
        ++at_;
        std::uint64_t bits = 0;
        if (!take_big_endian(mark == format::f32 ? 4 : 8, bits)) return false;
        value = mark == format::f64
                    ? std::bit_cast<double>(bits)
                    : double{std::bit_cast<float>(static_cast<std::uint32_t>(bits))};
        return true;
    }
    wide_integer wide{};
    if (!take_wide(wide)) return false;
    value = wide.is_negative ? static_cast<double>(static_cast<std::int64_t>(wide.bits))
                             : static_cast<double>(wide.bits);
    return true;
}

bool cursor::skip() {
    // Each value takes a byte at least, so the number of those to come never exceeds what is left.
    for (std::uint64_t values = 1; values != 0; --values) {
        if (values > left()) return fail("is not complete");
        const tail after = tail_of(load_once<std::uint8_t>(at_++));
        std::uint64_t size = 0;
        if (!take_big_endian(after.size_bytes, size)) return fail("is not complete");
        const std::uint64_t bytes = after.bytes + (after.values_each == 0 ? size : 0);
        if (bytes > left()) return fail("is longer than the message");
        at_ += bytes;
        values += after.values + after.values_each * size;
    }
    return true;
}

bool cursor::inside(std::string_view name) {
    if (!path_.empty() && path_.front() != '[') path_.insert(path_.begin(), '.');
    path_.insert(0, name);
    return false;
}

std::string cursor::complaint() const {
    return (path_.empty() ? "it " : "field '" + path_ + "' ") + why_;
}

}  // namespace signet::wire::detail
