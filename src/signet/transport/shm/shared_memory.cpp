// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/shared_memory.hpp>

#include <signet/base/error.hpp>
#include <signet/os/memfd.hpp>
#include <signet/os/memory_limits.hpp>

#include <algorithm>

namespace signet::transport::shm {
namespace {

constexpr os::seals group_seals = os::seals::shrink | os::seals::grow | os::seals::seal;

// Without future_write a peer could punch holes into the pages under its readers.
constexpr os::seals own_seals = group_seals | os::seals::future_write;

std::uint64_t whole_pages(std::uint64_t bytes, std::uint64_t page_bytes) {
    return (bytes + page_bytes - 1) / page_bytes * page_bytes;
}

shared_memory create(const std::string& name, std::uint64_t bytes, os::seals seals,
                     os::memory_pages pages) {
    shared_memory memory{os::create_memfd(name, bytes, pages), {}};
    memory.bytes = os::mapping::read_write(memory.file, bytes);
    memory.bytes.keep_private_to_process();
    os::add_seals(memory.file, seals);
    return memory;
}

void require(bool holds, const char* what) {
    if (!holds) throw error{errc::peer_misbehaved, "map a peer's memory", {}, what};
}

os::memory_facts check_kind(const os::descriptor& file, os::seals seals, bool huge_pages) {
    const os::memory_facts facts = os::inspect_memory(file);
    const bool huge = facts.huge_pages && facts.page_bytes == os::huge_page_bytes;
    require(!facts.huge_pages || huge_pages, "it lies in huge pages of another user");
    require(facts.regular && (facts.on_tmpfs || huge), "it is not plain memory");
    require(os::includes(facts.present, seals), "it is not sealed as it must be");
    return facts;
}

os::memory_facts check(const os::descriptor& file, const expected_memory& expected,
                       os::seals seals) {
    const os::memory_facts facts = check_kind(file, seals, expected.huge_pages);
    const std::uint64_t page = facts.huge_pages ? facts.page_bytes : 1;
    require(facts.bytes == whole_pages(expected.bytes, page),
            "it has not the size that was announced");
    return facts;
}

os::mapping kept_private(os::mapping mapped) {
    mapped.keep_private_to_process();
    return mapped;
}

}  // namespace

shared_memory create_own_memory(const std::string& name, std::uint64_t bytes, page_size pages) {
    if (pages == page_size::standard) {
        return create(name, bytes, own_seals, os::memory_pages::standard);
    }
    return create(name, whole_pages(bytes, os::huge_page_bytes), own_seals, os::memory_pages::huge);
}

void make_present(shared_memory& own, std::uint64_t offset, std::uint64_t bytes, paging how) {
    os::allocate(own.file, offset, bytes);
    if (how == paging::on_demand) return;
    own.bytes.populate_for_write(offset, bytes);
    if (how == paging::locked) own.bytes.lock(offset, bytes);
}

void prefault(os::mapping& mapped, const os::descriptor& file, paging how) {
    if (how == paging::on_demand) return;
    // Chunks get memory in order, so what is there lies at the beginning.
    const std::uint64_t there =
        std::min<std::uint64_t>(os::inspect_memory(file).allocated_bytes, mapped.size());
    if (there == 0) return;
    mapped.populate_for_read(0, there);
    if (how == paging::locked) mapped.lock(0, there);
}

shared_memory create_group_memory(const std::string& name, std::uint64_t bytes) {
    return create(name, bytes, group_seals, os::memory_pages::standard);
}

os::mapping map_peer_memory(const os::descriptor& file, const expected_memory& expected) {
    const os::memory_facts facts = check(file, expected, own_seals);
    os::allocate(file, 0, expected.used_bytes);
    return kept_private(os::mapping::read_only(file, facts.bytes));
}

os::mapping map_head_of_peer_memory(const os::descriptor& file, std::uint64_t bytes) {
    const os::memory_facts facts = check_kind(file, own_seals, true);
    require(facts.bytes >= bytes, "it is shorter than it must be");
    const std::uint64_t page = facts.huge_pages ? facts.page_bytes : 1;
    return kept_private(os::mapping::read_only(file, whole_pages(bytes, page)));
}

os::mapping map_group_memory(const os::descriptor& file, std::uint64_t bytes) {
    check(file, {.bytes = bytes, .used_bytes = bytes}, group_seals);
    os::allocate(file, 0, bytes);
    return kept_private(os::mapping::read_write(file, bytes));
}

}  // namespace signet::transport::shm
