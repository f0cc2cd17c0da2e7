// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/shared_memory.hpp>

#include <signet/base/error.hpp>
#include <signet/os/memfd.hpp>

namespace signet::transport::shm {
namespace {

constexpr os::seals group_seals = os::seals::shrink | os::seals::grow | os::seals::seal;

// Without future_write a peer could punch holes into the pages under its readers.
constexpr os::seals own_seals = group_seals | os::seals::future_write;

shared_memory create(const std::string& name, std::uint64_t bytes, os::seals seals) {
    shared_memory memory{os::create_memfd(name, bytes), {}};
    memory.bytes = os::mapping::read_write(memory.file, bytes);
    memory.bytes.keep_private_to_process();
    os::add_seals(memory.file, seals);
    return memory;
}

void require(bool holds, const char* what) {
    if (!holds) throw error{errc::peer_misbehaved, "map a peer's memory", {}, what};
}

os::memory_facts check_seals(const os::descriptor& file, os::seals seals) {
    const os::memory_facts facts = os::inspect_memory(file);
    require(facts.regular && facts.on_tmpfs && !facts.huge_pages, "it is not plain memory");
    require(os::includes(facts.present, seals), "it is not sealed as it must be");
    return facts;
}

void check(const os::descriptor& file, std::uint64_t bytes, os::seals seals) {
    const os::memory_facts facts = check_seals(file, seals);
    require(facts.bytes == bytes, "it has not the size that was announced");
}

os::mapping kept_private(os::mapping mapped) {
    mapped.keep_private_to_process();
    return mapped;
}

}  // namespace

shared_memory create_own_memory(const std::string& name, std::uint64_t bytes) {
    return create(name, bytes, own_seals);
}

shared_memory create_group_memory(const std::string& name, std::uint64_t bytes) {
    return create(name, bytes, group_seals);
}

os::mapping map_peer_memory(const os::descriptor& file, const expected_memory& expected) {
    check(file, expected.bytes, own_seals);
    os::allocate(file, 0, expected.used_bytes);
    return kept_private(os::mapping::read_only(file, expected.bytes));
}

os::mapping map_head_of_peer_memory(const os::descriptor& file, std::uint64_t bytes) {
    require(check_seals(file, own_seals).bytes >= bytes, "it is shorter than it must be");
    return kept_private(os::mapping::read_only(file, bytes));
}

os::mapping map_group_memory(const os::descriptor& file, std::uint64_t bytes) {
    check(file, bytes, group_seals);
    os::allocate(file, 0, bytes);
    return kept_private(os::mapping::read_write(file, bytes));
}

}  // namespace signet::transport::shm
