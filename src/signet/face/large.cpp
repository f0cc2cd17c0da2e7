// SPDX-License-Identifier: Apache-2.0
#include <signet/face/large.hpp>

#include <signet/base/error.hpp>

#include <limits>
#include <string>

namespace signet::face {
namespace {

using transport::shm::memory_draft;
using transport::shm::sealed_memory;

constexpr const char* no_whole_items = "is not a whole number of items";
constexpr const char* no_memory = "is memory that cannot be mapped here";

}  // namespace

const char* take_large(os::descriptor file, std::size_t item_bytes, large_memory& into) try {
    if (!file) return "is an open file that did not come";
    if (const char* const flaw = sealed_memory::flaw_of(file)) return flaw;
    auto mapped = std::make_shared<const sealed_memory>(std::move(file));
    if (mapped->bytes().size() % item_bytes != 0) return no_whole_items;
    into = std::move(mapped);
    return nullptr;
} catch (const error&) {
    return no_memory;
}

const char* copy_large(std::span<const std::byte> bytes, std::size_t item_bytes,
                       large_memory& into) try {
    if (bytes.empty()) return nullptr;
    if (bytes.size() % item_bytes != 0) return no_whole_items;
    memory_draft draft{bytes.size()};
    std::copy(bytes.begin(), bytes.end(), draft.bytes().begin());
    into = std::make_shared<const sealed_memory>(std::move(draft).seal());
    return nullptr;
} catch (const error&) {
    return no_memory;
}

std::size_t large_bytes(std::size_t count, std::size_t item_bytes) {
    if (count == 0) throw contract_violation{"large memory has at least one item"};
    if (count <= std::numeric_limits<std::size_t>::max() / item_bytes) return count * item_bytes;
    throw error{errc::too_large,
                "make large memory",
                {},
                "there cannot be " + std::to_string(count) + " items"};
}

}  // namespace signet::face
