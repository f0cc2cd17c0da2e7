// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/structure.hpp>

#include <signet/base/crc32c.hpp>
#include <signet/base/error.hpp>
#include <signet/sync/region_core.hpp>

#include <cstring>
#include <span>

namespace signet::sync {
namespace {

// The first line is the flag.
constexpr std::uint64_t header_bytes = memory::line_bytes;

std::uint64_t shape_of(std::size_t bytes, const std::type_info& type) {
    const std::span name{type.name(), std::strlen(type.name())};
    return std::uint64_t{crc32c(std::as_bytes(name))} << 32 ^ bytes;
}

region_core& core_at(const std::byte* begin) {
    if (region_core* const core = region_core::at(begin)) return *core;
    throw contract_violation{
        "allocate in a region: this process has not opened it, or has closed it"};
}

}  // namespace

void* arena::allocate(std::size_t bytes, std::size_t alignment) const {
    return core_at(begin_.get()).allocate(bytes, alignment, number_);
}

void arena::release(void* block) const {
    core_at(begin_.get()).release(static_cast<std::byte*>(block));
}

structure_place::structure_place(const region& in, std::string_view name, std::size_t bytes,
                                 const std::type_info& type)
    : structure_place{in.core(), in.core()->find_or_make({.kind = memory::object_kind::structure,
                                                          .name = name,
                                                          .bytes = header_bytes + bytes,
                                                          .shape = shape_of(bytes, type)})} {}

structure_place::structure_place(std::shared_ptr<region_core> in, const found_object& found)
    : in_{std::move(in)},
      object_{found.where},
      arena_{found.number + 1},
      built_{in_, *reinterpret_cast<lock_word*>(object_)} {}

void* structure_place::where() const noexcept {
    return object_ + header_bytes;
}

arena structure_place::allocates() const noexcept {
    return {in_->words().begin(), arena_};
}

void structure_place::release_all() {
    in_->release_arena(arena_);
}

}  // namespace signet::sync
