// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/region_core.hpp>

#include <signet/base/error.hpp>
#include <signet/life/fork_ledger.hpp>
#include <signet/os/random.hpp>
#include <signet/sync/owned_word.hpp>
#include <signet/sync/recovery.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <shared_mutex>
#include <span>
#include <utility>

namespace signet::sync {
namespace {

using memory::entry_words;
using memory::kind_and_check;
using memory::object_entry;
using memory::object_kind;
using memory::region_geometry;
using memory::region_header;
using memory::region_words;

/// Set aside before an object, whose bytes are written while its block is still a free one.
constexpr std::uint64_t links_bytes = memory::line_bytes;

entry_words entry_of(const object_spec& wanted, std::uint64_t offset) {
    entry_words words{offset, wanted.bytes, wanted.shape, wanted.name.size()};
    std::memcpy(words.data() + 4, wanted.name.data(), wanted.name.size());
    return words;
}

const char* name_of(object_kind kind) {
    constexpr std::array names{"nothing",       "a mutex",         "a condition_variable",
                               "a semaphore",   "a shared_mutex",  "a once_flag",
                               "an event",      "a barrier",       "a latch",
                               "a permit_pool", "a shared object", "a structure",
                               "a queue"};
    const auto number = static_cast<std::size_t>(kind);
    return number < names.size() ? names[number] : "something this program does not know";
}

region_geometry checked_shape(const os::file& content, const std::string& name) {
    const std::uint64_t bytes = content.size();
    region_geometry shape;
    if (bytes < memory::page_bytes) {
        throw error{errc::damaged, "open region", name, "it is too short to be a region"};
    }
    const os::mapping look = os::mapping::read_only(content.handle(), memory::page_bytes);
    const std::string flaw = memory::flaw_of(look.data(), bytes, shape);
    if (flaw.empty()) return shape;
    const auto& header = *reinterpret_cast<const region_header*>(look.data());
    const bool other = header.magic.load(std::memory_order_relaxed) == memory::region_magic &&
                       header.version.load(std::memory_order_relaxed) !=
                           memory::region_layout_version;  // relaxed, both: they never change
    throw error{other ? errc::incompatible_version : errc::damaged, "open region", name, flaw};
}

os::mapping map_all(const os::file& content, const region_geometry& shape) {
    os::mapping map = os::mapping::read_write(content.handle(), shape.bytes);
    map.keep_private_to_process();
    return map;
}

object_entry* entries_of(const region_words& in, const region_geometry& shape) noexcept {
    return reinterpret_cast<object_entry*>(in.begin() + shape.objects_offset());
}

// The entry never changes once its first word is there; what does not fit that word is damaged.
std::optional<found_object> read_entry(const region_words& in, const region_geometry& geometry,
                                       std::uint32_t number) noexcept {
    const object_entry& from = entries_of(in, geometry)[number];
    const std::uint64_t first = from.kind_and_check.load(std::memory_order_acquire);  // SYNC entry
    if (first == 0) return std::nullopt;
    entry_words words;
    const auto* const word = &from.offset;
    // relaxed: the first word orders them
    for (std::size_t i = 0; i < words.size(); ++i)
        words[i] = word[i].load(std::memory_order_relaxed);
    const auto kind = static_cast<object_kind>(first & 0xffffffff);
    const auto [offset, bytes, shape, length] = std::array{words[0], words[1], words[2], words[3]};
    const bool sound = first == kind_and_check(kind, words) && in.has(offset) &&
                       offset >= geometry.heap_offset() && offset % memory::line_bytes == 0 &&
                       bytes <= geometry.bytes - offset && bytes >= least_bytes(kind) &&
                       length <= memory::object_name_bytes_max;
    if (!sound) return std::nullopt;
    return found_object{kind,
                        object_name{{reinterpret_cast<const char*>(words.data() + 4), length}},
                        in.begin() + offset,
                        bytes,
                        shape,
                        number};
}

std::vector<found_object> read_all(const region_words& in, const region_geometry& geometry) {
    std::vector<found_object> all;
    for (std::uint32_t i = 0; i < geometry.objects; ++i) {
        if (std::optional<found_object> one = read_entry(in, geometry, i)) {
            all.push_back(std::move(*one));
        }
    }
    return all;
}

std::span<memory::seat_entry> seats_of(const region_words& in, const region_geometry& geometry) {
    auto* const seats = reinterpret_cast<memory::seat_entry*>(in.begin() + geometry.seats_offset());
    return {seats, geometry.seats};
}

void check_name(std::string_view name) {
    if (name.empty() || name.size() > memory::object_name_bytes_max) {
        throw error{errc::bad_name, "name an object", name,
                    "a name has 1 to " + std::to_string(memory::object_name_bytes_max) + " bytes"};
    }
}

/// The regions of this process, for allocators: these lie in shared memory, and know only where it
/// begins.
struct core_registry {
    std::shared_mutex mutex;
    std::map<const std::byte*, region_core*> by_begin;
};

// Never destroyed: a region may be the last to end.
alignas(core_registry) std::byte registry_room[sizeof(core_registry)];

// A forked child begins with none: what it inherits may be locked by a thread that it does not
// have.
core_registry* begin_registry() {
    return new (registry_room) core_registry;
}

core_registry& registry() {
    static core_registry* const all = [] {
        os::on_fork_in_child([] { begin_registry(); });
        return begin_registry();
    }();
    return *all;
}

}  // namespace

region_look::region_look(const os::file& content, const std::string& name)
    : content_{&content},
      shape_{checked_shape(content, name)},
      map_{map_all(content, shape_)},
      words_{map_.data(), shape_.bytes} {}

std::vector<found_object> region_look::objects() const {
    return read_all(words_, shape_);
}

bool region_look::dead(memory::stamp owner) const {
    return life::seat_table{*content_, words_.header(), seats_of(words_, shape_)}.dead(owner);
}

/// The lock over heap, directory and log, taken back from the dead with what they left in the log.
class region_core::keeper {
public:
    explicit keeper(region_core& in) : word_{in, in.words_.header().keeper} {
        if (word_.take({}) == ownership::clean) return;
        if (memory::replay(in.words_)) return;
        word_.give_up(left_as::consistent);
        throw error{errc::damaged, "use region", in.name_, "its log says what cannot be"};
    }
    ~keeper() { word_.give_up(left_as::consistent); }

    keeper(const keeper&) = delete;
    keeper& operator=(const keeper&) = delete;

private:
    owned_word word_;
};

region_core::region_core(os::file content, std::string name)
    : content_{std::move(content)},
      name_{std::move(name)},
      shape_{checked_shape(content_, name_)},
      map_{map_all(content_, shape_)},
      words_{map_.data(), shape_.bytes},
      heap_{words_, shape_.heap_offset()} {
    seats_.emplace(content_, words_.header(), seats_of(words_, shape_));
    life::close_in_forked_child(content_.fd());
    try {
        watch_.emplace(*seats_, [this](memory::stamp dead) { take_back(dead); });
        const std::lock_guard change{registry().mutex};
        registry().by_begin.insert_or_assign(map_.data(), this);
    } catch (...) {
        life::keep_in_forked_child(content_.fd());
        throw;
    }
}

region_core::~region_core() {
    {
        const std::lock_guard change{registry().mutex};
        registry().by_begin.erase(map_.data());
    }
    watch_.reset();
    life::keep_in_forked_child(content_.fd());
}

void region_core::format(const os::file& content, const region_geometry& shape) {
    const os::mapping fresh = os::mapping::read_write(content.handle(), shape.bytes);
    memory::format_region(fresh.data(), shape, os::random_u64());
    const memory::heap blocks{region_words{fresh.data(), shape.bytes}, shape.heap_offset()};
    blocks.format();
}

void region_core::complain_of_fork() const {
    throw error{errc::forked, "use region", name_,
                "it was opened before fork; the child opens it anew"};
}

object_entry& region_core::entry(std::uint32_t index) const noexcept {
    return entries_of(words_, shape_)[index];
}

std::optional<found_object> region_core::read(std::uint32_t number) const noexcept {
    return read_entry(words_, shape_, number);
}

std::vector<found_object> region_core::objects() const {
    return read_all(words_, shape_);
}

std::optional<found_object> region_core::find(std::string_view name) const {
    for (std::uint32_t i = 0; i < shape_.objects; ++i) {
        std::optional<found_object> one = read(i);
        if (one && one->name.view() == name) return one;
    }
    return std::nullopt;
}

void region_core::require_same_kind(const object_spec& wanted, const found_object& found) const {
    if (found.kind == wanted.kind) return;
    throw error{errc::incompatible_type,
                std::string{"use "} + name_of(wanted.kind) + " of region '" + name_ + "'",
                wanted.name, std::string{"it is "} + name_of(found.kind) + "; choose another name"};
}

found_object region_core::find_or_make(const object_spec& wanted) {
    found_object found = find_or_make_any(wanted);
    if (found.shape == wanted.shape && found.bytes >= wanted.bytes) return found;
    throw error{errc::incompatible_type,
                std::string{"use "} + name_of(wanted.kind) + " of region '" + name_ + "'",
                wanted.name,
                "it was made with other options, or for another type; choose the same, or another "
                "name"};
}

found_object region_core::find_or_make_any(const object_spec& wanted) {
    check_process();
    check_name(wanted.name);
    std::optional<found_object> known = find(wanted.name);
    if (!known) {
        const keeper lock{*this};
        known = find(wanted.name);  // somebody may have been first
        if (!known) {
            require_sound_entries(wanted);
            return make(wanted);
        }
    }
    require_same_kind(wanted, *known);
    return *known;
}

// Under the keeper's lock. A second object of a name would part those who use it.
void region_core::require_sound_entries(const object_spec& wanted) const {
    for (std::uint32_t i = 0; i < shape_.objects; ++i) {
        // relaxed: under the lock
        const bool is_used = entry(i).kind_and_check.load(std::memory_order_relaxed) != 0;
        if (!is_used || read(i)) continue;
        throw error{errc::damaged,
                    std::string{"make "} + name_of(wanted.kind) + " in region '" + name_ + "'",
                    wanted.name,
                    "entry " + std::to_string(i) + " of the directory is damaged, and may be its"};
    }
}

// Under the keeper's lock.
found_object region_core::make(const object_spec& wanted) {
    memory::transaction changes{words_};
    const std::uint64_t block =
        heap_.allocate(changes, links_bytes + wanted.bytes, memory::line_bytes);
    if (block == 0) complain_of_room(wanted.bytes);
    // Nobody knows the block before the commit, and what is left in it then is free memory; but it
    // still begins with the links of its list.
    const std::uint64_t offset = block + links_bytes;
    std::byte* const where = map_.data() + offset;
    std::memset(where, 0, wanted.bytes);
    std::copy(wanted.initial.begin(), wanted.initial.end(), where);
    const entry_words words = entry_of(wanted, offset);
    const std::uint32_t number = unused_entry();
    const auto begin =
        static_cast<std::uint64_t>(reinterpret_cast<std::byte*>(&entry(number)) - map_.data());
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::uint64_t word = begin + (i + 1) * memory::word_bytes;
        if (changes.get(word) != words[i]) changes.set(word, words[i]);
    }
    changes.set(begin, kind_and_check(wanted.kind, words));  // the last to be stored
    changes.commit();
    return {wanted.kind, object_name{wanted.name}, where, wanted.bytes, wanted.shape, number};
}

void region_core::complain_of_room(std::uint64_t bytes) const {
    throw error{std::make_error_code(std::errc::not_enough_memory),
                "allocate " + std::to_string(bytes) + " bytes in region", name_,
                "create the region with more bytes"};
}

std::uint32_t region_core::unused_entry() const {
    for (std::uint32_t i = 0; i < shape_.objects; ++i) {
        // relaxed: under the lock
        if (entry(i).kind_and_check.load(std::memory_order_relaxed) == 0) return i;
    }
    throw error{errc::limit_reached, "make an object in region", name_,
                "it holds as many as it may; create it with more objects"};
}

void region_core::transact(const std::function<void(memory::transaction&)>& change) {
    check_process();
    const keeper lock{*this};
    memory::transaction changes{words_};
    change(changes);
    changes.commit();
}

std::byte* region_core::allocate(std::uint64_t bytes, std::uint64_t alignment,
                                 std::uint32_t arena) {
    std::uint64_t offset = 0;
    transact([&](memory::transaction& changes) {
        offset = heap_.allocate(changes, bytes, alignment, arena);
        if (offset == 0) complain_of_room(bytes);
    });
    return map_.data() + offset;
}

void region_core::release(const std::byte* block) {
    const auto offset = static_cast<std::uint64_t>(block - map_.data());
    transact([&](memory::transaction& changes) { heap_.release(changes, offset); });
}

void region_core::release_arena(std::uint32_t arena) {
    bool more = true;
    while (more) {
        transact([&](memory::transaction& changes) {
            const std::uint64_t offset = heap_.next_of(arena, 0);
            more = offset != 0;
            if (more) heap_.release(changes, offset);
        });
    }
}

region_core* region_core::at(const std::byte* begin) noexcept {
    const std::shared_lock look{registry().mutex};
    const auto found = registry().by_begin.find(begin);
    return found == registry().by_begin.end() ? nullptr : found->second;
}

void region_core::take_back(memory::stamp dead) noexcept {
    if (dead.seat() >= seats_->seats().size()) return;
    const auto& seat = seats_->seats()[dead.seat()].word;
    owned_word::take_back(words_.header().keeper, dead);
    for (std::uint32_t i = 0; i < shape_.objects; ++i) {
        if (const std::optional<found_object> one = read(i)) take_back_from(*one, dead, seat);
    }
}

}  // namespace signet::sync
