// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/sysv/queue_pairs.hpp>

#include <signet/base/error.hpp>
#include <signet/os/random.hpp>

#include <array>

namespace signet::transport::sysv {
namespace {

constexpr std::uint32_t entry_magic = 0x71737973;  // "sysq"
constexpr int attempts_max = 100;

struct entry_bytes {
    std::uint32_t magic = entry_magic;
    std::array<std::int32_t, 2> keys{};
    std::uint32_t zero = 0;
};
static_assert(sizeof(entry_bytes) == 16);

os::byte_range range_of(std::uint64_t entry) {
    return {.position = entry * sizeof(entry_bytes), .bytes = sizeof(entry_bytes)};
}

bool remove_queue(std::int32_t key) try {
    return key != 0 && os::sysv_queue::open(key).remove();
} catch (const error&) {
    return false;  // it is gone, or was never made
}

// Of an entry that nobody locks but us.
std::size_t clear(const os::file& list, std::uint64_t entry) {
    entry_bytes found;
    const auto bytes = std::as_writable_bytes(std::span{&found, 1});
    if (list.read_at(range_of(entry).position, bytes) != bytes.size()) return 0;
    if (found.magic != entry_magic) return 0;
    std::size_t removed = 0;
    for (const std::int32_t key : found.keys) removed += remove_queue(key) ? 1 : 0;
    const entry_bytes none{};
    list.write_at(range_of(entry).position, std::as_bytes(std::span{&none, 1}));
    return removed;
}

std::int32_t fresh_key() {
    const auto key = static_cast<std::int32_t>(os::random_u64() & 0x7fffffff);
    return key == 0 ? 1 : key;
}

// Listed before it is made, so that whoever is killed in between leaves nothing unknown.
queue_pair make_at(const os::file& list, std::uint64_t entry) {
    for (int attempt = 1;; ++attempt) {
        const entry_bytes ours{.keys = {fresh_key(), fresh_key()}};
        list.write_at(range_of(entry).position, std::as_bytes(std::span{&ours, 1}));
        try {
            return {entry, os::sysv_queue::create(ours.keys[0]),
                    os::sysv_queue::create(ours.keys[1])};
        } catch (const error& why) {
            const entry_bytes none{};  // what is there under that key is another's
            list.write_at(range_of(entry).position, std::as_bytes(std::span{&none, 1}));
            if (why.code() != std::errc::file_exists || attempt == attempts_max) throw;
        }
    }
}

}  // namespace

pair_hold::pair_hold(const std::string& path, std::uint64_t entry) {
    const os::file list = os::file::open(path);
    auto taken = os::range_lock::try_take(list, os::lock_kind::shared, range_of(entry));
    if (!taken) {
        throw error{errc::peer_misbehaved, "use queues listed in", path, "they are being swept"};
    }
    lock_ = list.handle().duplicate();
    taken->leave_to_file();
}

std::size_t sweep(const std::string& path) {
    const os::file list = os::file::open_or_create(path);
    const std::uint64_t entries = list.size() / sizeof(entry_bytes);
    std::size_t removed = 0;
    for (std::uint64_t i = 0; i < entries && i < pairs_max; ++i) {
        const auto ours = os::range_lock::try_take(list, os::lock_kind::exclusive, range_of(i));
        if (ours) removed += clear(list, i);
    }
    return removed;
}

queue_pair make_pair(const std::string& path) {
    sweep(path);
    const os::file list = os::file::open_or_create(path);
    for (std::uint64_t i = 0; i < pairs_max; ++i) {
        const auto ours = os::range_lock::try_take(list, os::lock_kind::exclusive, range_of(i));
        if (ours) return make_at(list, i);
    }
    throw error{errc::limit_reached, "list queues in", path,
                "there are as many conversations as there may be: " + std::to_string(pairs_max)};
}

}  // namespace signet::transport::sysv
