// SPDX-License-Identifier: Apache-2.0
// A type descriptor: what a message looks like, known at run time. Two processes exchange them when
// they meet, so that different layouts are found before the first message; tools print any message
// with nothing else. A plain value, complete in itself; const use from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signet::wire {

/// The numbers travel: never change one, add at the end.
enum class type_kind : std::uint8_t {
    boolean = 0,
    character = 1,
    i8 = 2,
    i16 = 3,
    i32 = 4,
    i64 = 5,
    u8 = 6,
    u16 = 7,
    u32 = 8,
    u64 = 9,
    f32 = 10,
    f64 = 11,
    enumeration = 12,  ///< stored as its `element`, an integer
    array = 13,        ///< `count` times its `element`, without gaps
    structure = 14,
    text = 15,      ///< UTF-8 of any length
    bytes = 16,     ///< opaque, of any length
    list = 17,      ///< any number of its `element`
    map = 18,       ///< from `key` to `element`
    optional = 19,  ///< its `element`, or nothing
    variant = 20,   ///< one of its `fields`, which have no names
    record = 21,    ///< its `fields`, one after the other
    foreign = 22,   ///< opaque bytes of the codec called `name`
};

/// boolean, character, an integer or a floating-point number.
constexpr bool is_scalar(type_kind kind) noexcept {
    return kind <= type_kind::f64;
}

/// text, bytes, and what is packed and has no size of its own.
constexpr bool is_packed(type_kind kind) noexcept {
    return kind >= type_kind::text;
}

/// array, list, map or optional.
constexpr bool has_element(type_kind kind) noexcept {
    return kind == type_kind::array || (kind >= type_kind::list && kind <= type_kind::optional);
}

/// In bytes, as is its alignment.
std::uint32_t scalar_size(type_kind kind);

struct field_info {
    std::string name;
    std::uint32_t type = 0;    ///< its index in `type_descriptor::types()`
    std::uint64_t offset = 0;  ///< in a structure

    friend bool operator==(const field_info&, const field_info&) = default;
};

/// One type of a descriptor. `element`, `key` and the `type` of fields are indexes of earlier
/// types. A type is packed if its kind is, and an array if its elements are. Structures are made of
/// types that are not packed, packed types of anything but structures.
struct type_info {
    type_kind kind = type_kind::bytes;
    std::string name{};      ///< of structures, records, enumerations: "robot::pose"; of codecs
    std::uint64_t size = 0;  ///< in bytes; 0 for what is packed
    std::uint32_t alignment = 1;  ///< in bytes
    std::uint32_t element = 0;
    std::uint64_t count = 0;
    std::vector<field_info> fields{};  ///< of a structure by rising offset
    std::uint32_t key = 0;

    friend bool operator==(const type_info&, const type_info&) = default;
};

/// A scalar type, as any descriptor has it.
type_info scalar(type_kind kind);

/// What a descriptor may have at most, whoever wrote it.
inline constexpr std::size_t types_max = 1024;
inline constexpr std::size_t type_fields_max = 1024;
inline constexpr std::size_t type_alternatives_max = 64;
inline constexpr std::size_t type_depth_max = 32;
inline constexpr std::size_t type_name_bytes_max = 1024;
inline constexpr std::size_t type_text_bytes_max = 2048;
inline constexpr std::size_t field_name_bytes_max = 256;
inline constexpr std::uint64_t type_bytes_max = std::uint64_t{1} << 40;
inline constexpr std::uint64_t packed_count_max = 0xffffffff;  ///< of anything in MessagePack
inline constexpr std::uint32_t type_alignment_max = 1u << 16;

class type_descriptor {
public:
    /// `types`: what a type is made of comes before it, so the last is the message itself. Throws
    /// `contract_violation` if `descriptor_flaw` finds one.
    explicit type_descriptor(std::vector<type_info> types);

    const std::vector<type_info>& types() const noexcept { return types_; }
    const type_info& type(std::uint32_t index) const { return types_.at(index); }
    const type_info& root() const noexcept { return types_.back(); }

    /// Such as "robot::pose", "f32[3]" or "map<text, i32>".
    std::string name() const;

    /// Whether all messages have the same size: everything that is not packed.
    bool has_fixed_size() const noexcept { return root().size != 0; }

    /// Whether messages are their own bytes alone, not MessagePack: text, bytes, foreign.
    bool is_opaque() const noexcept;

    std::uint64_t size() const noexcept { return root().size; }
    std::uint32_t alignment() const noexcept { return root().alignment; }

    /// The same for the same layout: sizes, offsets, kinds, names of fields and codecs, and
    /// alignment of the message. Other names of types do not enter, and an enumeration counts as
    /// its integer.
    std::uint64_t layout_hash() const noexcept { return layout_hash_; }

    friend bool operator==(const type_descriptor&, const type_descriptor&) = default;

private:
    std::vector<type_info> types_;
    std::uint64_t layout_hash_;
};

/// One sentence on what is wrong with `types` as a descriptor; empty if nothing is. Every index is
/// in range, every field lies inside of its structure, no two overlap, names are printable.
std::string descriptor_flaw(const std::vector<type_info>& types);

/// Such as "f64", "robot::vec3", "i32[2][3]", "list<optional<text>>"; shortened above
/// `type_text_bytes_max`, since hostile types could be of any length.
std::string type_text(const type_descriptor& descriptor, std::uint32_t index);

/// The descriptor of messages that are UTF-8 of any length.
const type_descriptor& text_descriptor();

/// The descriptor of messages that are opaque bytes of any length.
const type_descriptor& bytes_descriptor();

/// `spelled_type_name` without what only one compiler writes, and without enclosing functions and
/// unnamed namespaces.
std::string readable_type_name(std::string_view spelled);

/// Puts a descriptor together, each type once.
class descriptor_builder {
public:
    /// The index of a type equal to `type`.
    std::uint32_t add(type_info type);
    std::uint32_t add_scalar(type_kind kind);
    std::uint32_t add_array(std::uint32_t element, std::uint64_t count);
    std::uint32_t add_enumeration(std::string_view spelled_name, std::uint32_t integer);

    /// A list, an optional, or a map where there is a `key`.
    std::uint32_t add_container(type_kind kind, std::uint32_t element, std::uint32_t key = 0);
    std::uint32_t add_variant(const std::vector<std::uint32_t>& alternatives);

    /// Ends the building. `root` must be the type added last.
    type_descriptor finish() && { return type_descriptor{std::move(types_)}; }

private:
    std::vector<type_info> types_;
};

}  // namespace signet::wire
