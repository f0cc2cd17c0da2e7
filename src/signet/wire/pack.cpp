// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/pack.hpp>

#include <signet/base/error.hpp>

#include <algorithm>

// Without it msgpack-cxx includes all of Boost.
#define MSGPACK_NO_BOOST
#include <msgpack.hpp>

namespace signet::wire {
namespace {

/// What msgpack::packer writes into.
struct sink {
    std::vector<std::byte>& bytes;

    void write(const char* data, std::size_t size) {
        const auto* begin = reinterpret_cast<const std::byte*>(data);
        bytes.insert(bytes.end(), begin, begin + size);
    }
};

template <class Step>
void pack_into(std::vector<std::byte>& bytes, Step step) {
    sink target{bytes};
    msgpack::packer<sink> packing{target};
    step(packing);
}

std::uint32_t checked_count(std::size_t count) {
    if (count <= UINT32_MAX) return static_cast<std::uint32_t>(count);
    throw contract_violation{"MessagePack counts up to 4294967295"};
}

[[noreturn]] void misbehaved(std::string_view subject, std::string_view why) {
    throw error{errc::peer_misbehaved, "read", subject, why};
}

/// From msgpack-cxx's tree to ours.
class importer {
public:
    explicit importer(std::string_view subject) : subject_{subject} {}

    unpacked import(const msgpack::object& object) const {
        switch (object.type) {
            case msgpack::type::BOOLEAN: return {object.via.boolean};
            case msgpack::type::POSITIVE_INTEGER: return {std::uint64_t{object.via.u64}};
            case msgpack::type::NEGATIVE_INTEGER: return {std::int64_t{object.via.i64}};
            case msgpack::type::STR: return {import_text(object)};
            case msgpack::type::BIN: return {import_bytes(object.via.bin)};
            case msgpack::type::ARRAY: return {import_list(object.via.array)};
            case msgpack::type::MAP: return {import_map(object.via.map)};
            default: return {unused_value{}};
        }
    }

private:
    static std::string import_text(const msgpack::object& object) {
        return {object.via.str.ptr, object.via.str.size};
    }

    static unpacked_bytes import_bytes(const msgpack::object_bin& bin) {
        const auto* begin = reinterpret_cast<const std::byte*>(bin.ptr);
        return {begin, begin + bin.size};
    }

    unpacked_list import_list(const msgpack::object_array& array) const {
        unpacked_list list;
        list.reserve(array.size);
        for (std::uint32_t i = 0; i < array.size; ++i) list.push_back(import(array.ptr[i]));
        return list;
    }

    unpacked_map import_map(const msgpack::object_map& object) const {
        unpacked_map map;
        map.reserve(object.size);
        for (std::uint32_t i = 0; i < object.size; ++i) {
            const auto& [key, value] = object.ptr[i];
            if (key.type != msgpack::type::STR) misbehaved(subject_, "a key is not text");
            map.push_back({import_text(key), import(value)});
        }
        check_keys_differ(map);
        return map;
    }

    void check_keys_differ(const unpacked_map& map) const {
        std::vector<std::string_view> keys;
        for (const unpacked_entry& entry : map) keys.push_back(entry.key);
        std::sort(keys.begin(), keys.end());
        if (std::adjacent_find(keys.begin(), keys.end()) == keys.end()) return;
        misbehaved(subject_, "a key comes twice");
    }

    std::string_view subject_;
};

msgpack::unpack_limit library_limits(const unpack_limits& limits, std::size_t packed_bytes) {
    // Every element takes a byte at least, so a count above the size of the whole is a lie, and
    // refusing it here keeps the library from making room for it.
    const std::size_t elements = std::min(limits.elements, packed_bytes);
    return {elements, elements, packed_bytes, packed_bytes, packed_bytes, limits.depth};
}

}  // namespace

void packer::flag(bool value) {
    pack_into(packed_, [&](auto& packing) { value ? packing.pack_true() : packing.pack_false(); });
}

void packer::integer(std::uint64_t value) {
    pack_into(packed_, [&](auto& packing) { packing.pack_uint64(value); });
}

void packer::integer(std::int64_t value) {
    pack_into(packed_, [&](auto& packing) { packing.pack_int64(value); });
}

void packer::text(std::string_view value) {
    pack_into(packed_, [&](auto& packing) {
        packing.pack_str(checked_count(value.size()));
        packing.pack_str_body(value.data(), checked_count(value.size()));
    });
}

void packer::bytes(std::span<const std::byte> value) {
    pack_into(packed_, [&](auto& packing) {
        packing.pack_bin(checked_count(value.size()));
        packing.pack_bin_body(reinterpret_cast<const char*>(value.data()),
                              checked_count(value.size()));
    });
}

void packer::list(std::size_t count) {
    pack_into(packed_, [&](auto& packing) { packing.pack_array(checked_count(count)); });
}

void packer::map(std::size_t count) {
    pack_into(packed_, [&](auto& packing) { packing.pack_map(checked_count(count)); });
}

void packer::append(std::span<const std::byte> packed) {
    packed_.insert(packed_.end(), packed.begin(), packed.end());
}

unpacked unpack(std::span<const std::byte> packed, const unpack_limits& limits,
                std::string_view subject) {
    if (packed.size() > limits.packed_bytes) misbehaved(subject, "it is too long");
    try {
        std::size_t end = 0;
        const msgpack::object_handle handle =
            msgpack::unpack(reinterpret_cast<const char*>(packed.data()), packed.size(), end,
                            nullptr, nullptr, library_limits(limits, packed.size()));
        if (end != packed.size()) misbehaved(subject, "something follows its end");
        return importer{subject}.import(handle.get());
    } catch (const msgpack::unpack_error&) {
        misbehaved(subject, "it is not well-formed MessagePack within our limits");
    }
}

}  // namespace signet::wire
