// SPDX-License-Identifier: Apache-2.0
#include <tour/ledger.hpp>

#include <signet/os/memfd.hpp>

#include <utility>

namespace tour {
namespace {

constexpr std::size_t slot_bytes = 64;  // a cache line each: the writers do not disturb each other
constexpr std::size_t ledger_bytes = slot_bytes * ledger::slots;

}  // namespace

ledger::ledger() : ledger{signet::os::create_memfd("tour-ledger", ledger_bytes)} {
    signet::os::allocate(memory_, 0, ledger_bytes);
}

ledger::ledger(signet::os::descriptor memory)
    : memory_{std::move(memory)}, bytes_{signet::os::mapping::read_write(memory_, ledger_bytes)} {}

ledger ledger::inherited() {
    return ledger{signet::os::descriptor{inherited_descriptor}};
}

std::atomic<std::uint64_t>& ledger::operator[](unsigned slot) const {
    std::byte* const at = bytes_.data() + slot % slots * slot_bytes;
    return *reinterpret_cast<std::atomic<std::uint64_t>*>(at);
}

}  // namespace tour
