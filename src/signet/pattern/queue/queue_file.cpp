// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/queue/queue_file.hpp>

#include <signet/base/error.hpp>
#include <signet/life/rendezvous_directory.hpp>
#include <signet/os/file_lock.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/os/random.hpp>

#include <algorithm>
#include <bit>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace signet::pattern {
namespace {

using memory::queue_geometry;
using memory::queue_words;

constexpr const char* object_name = "queue";
constexpr std::uint32_t objects = 2;
constexpr std::uint64_t page_bytes_least = 4096;
constexpr std::uint64_t page_bytes_most = 65536;
constexpr std::uint64_t pages_aim = 128;
constexpr std::uint64_t extras_bytes_max = 512;

[[noreturn]] void refuse(const queue_place& where, const std::string& why) {
    throw error{errc::bad_option, "create queue", where.name, why};
}

void check(const queue_place& where, const queue_shape& shape) {
    if (shape.priorities < 1 || shape.priorities >= memory::dead_priority)
        refuse(where, "it has 1 to 14 priorities");
    if (shape.seats < 1 || shape.seats > memory::seats_limit)
        refuse(where, "it has 1 to " + std::to_string(memory::seats_limit) + " seats");
    if (shape.deliveries_max >= memory::slot_word::deliveries_most)
        refuse(where, "a message is delivered up to 254 times, or without a limit");
    if (shape.id_window.count() < 0) refuse(where, "its window of ids is a time, or none");
    if (shape.message_bytes_max > UINT32_MAX - 64)
        refuse(where, "a message has less than 4 GiB - 64 bytes");
    if (!std::has_single_bit(shape.payload_alignment) || shape.payload_alignment > 64)
        refuse(where, "its payloads are aligned to a power of two up to 64");
}

std::uint32_t flags_of(const queue_shape& shape) {
    std::uint32_t flags = 0;
    if (shape.least == durability::host_crash) flags |= memory::queue_is_durable;
    if (shape.expired == expired_messages::kept_as_dead_letters)
        flags |= memory::queue_keeps_expired;
    if (shape.readers == queue_readers::one) flags |= memory::queue_is_mailbox;
    return flags;
}

/// For each eight of its messages.
std::uint32_t id_sets_for(const queue_place& where, const queue_geometry& made) {
    constexpr std::uint64_t least = 8;
    constexpr std::uint64_t most = std::uint64_t{1} << 31;
    const std::uint64_t sets = std::uint64_t{made.pages} * made.slots / memory::ids_in_set;
    if (sets > most)
        refuse(where, "it is too large for a window of ids; give it fewer bytes, or none");
    return static_cast<std::uint32_t>(std::max(sets, least));
}

/// How its bytes are divided: about `pages_aim` pages, with a slot for each message of the size
/// that is to be expected.
queue_geometry geometry_of(const queue_place& where, const queue_shape& shape) {
    check(where, shape);
    constexpr std::uint64_t usual_bytes = 128;
    const std::uint64_t page =
        std::clamp(std::bit_floor(shape.bytes / pages_aim), page_bytes_least, page_bytes_most);
    const std::uint64_t usual = std::clamp<std::uint64_t>(
        memory::up_to_line(shape.message_bytes_max), memory::line_bytes, usual_bytes);
    queue_geometry made;
    made.page_bytes = static_cast<std::uint32_t>(page);
    made.slots = static_cast<std::uint32_t>(page / usual);
    const std::uint64_t whole = page + made.slots * sizeof(memory::queue_slot);
    made.pages = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(std::max<std::uint64_t>(shape.bytes / whole, 2), 1u << 30));
    made.pages += queue_pages_spare;
    made.seats = shape.seats;
    made.message_bytes_max = shape.message_bytes_max;
    made.id_window_ns = static_cast<std::uint64_t>(shape.id_window.count());
    made.priorities = shape.priorities;
    made.deliveries_max = shape.deliveries_max;
    made.id_sets = made.id_window_ns == 0 ? 0 : id_sets_for(where, made);
    made.flags = flags_of(shape);
    made.id = os::random_u64();
    made.type_bytes = static_cast<std::uint32_t>(shape.type.size());
    made.payload_alignment = shape.payload_alignment;
    const std::uint64_t longest = made.message_bytes_max + extras_bytes_max;
    if (longest > page * (made.pages - queue_pages_spare - 1ull) || !made.sound()) {
        refuse(where, "its longest messages do not fit in its bytes; give it more of these");
    }
    return made;
}

/// The heap finds a block in a list of those that are up to a sixteenth larger.
std::uint64_t region_bytes(const queue_geometry& queue, std::uint32_t seats) {
    const std::uint64_t object = queue.bytes() + 2 * memory::line_bytes;
    const memory::region_geometry least{0, seats, objects};
    return memory::up_to_page(least.bytes_min() + object + object / 8 + 2 * memory::page_bytes);
}

/// The file of a name or path.
class queue_file_place {
public:
    explicit queue_file_place(const queue_place& where)
        : folder_{where.path.empty() ? open_folder(where) : std::nullopt},
          place_{folder_ ? os::file_place{*folder_, file_name(where.name)}
                         : os::file_place{where.path}} {}

    const os::file_place& get() const noexcept { return place_; }

private:
    static std::optional<os::directory> open_folder(const queue_place& where) {
        return life::open_rendezvous_directory(
                   where.directory.empty() ? life::default_rendezvous_path() : where.directory)
            .open_or_create_below("queues");
    }
    static std::string file_name(std::string name) {
        std::replace(name.begin(), name.end(), '/', ':');
        return name;
    }

    std::optional<os::directory> folder_;
    os::file_place place_;
};

std::optional<sync::found_object> queue_among(const std::vector<sync::found_object>& all) {
    for (const sync::found_object& one : all) {
        if (one.kind == memory::object_kind::queue && one.name.view() == object_name) return one;
    }
    return std::nullopt;
}

queue_words checked_words(const sync::found_object& found, const sync::region_core& region) {
    queue_geometry shape;
    bool other_version = false;
    const char* const flaw = memory::flaw_of(found.where, found.bytes, shape, other_version);
    if (flaw != nullptr) {
        throw error{other_version ? errc::incompatible_version : errc::damaged, "open queue",
                    region.name(), flaw};
    }
    if (shape.seats != region.shape().seats) {
        throw error{errc::damaged, "open queue", region.name(), "its seats are not its region's"};
    }
    return {found.where, shape};
}

void require_wanted(const queue_words& words, const queue_place& where, const queue_shape& wanted) {
    const std::span<const std::byte> type = words.type();
    const bool other =
        !wanted.type.empty() && !type.empty() &&
        !std::equal(type.begin(), type.end(), wanted.type.begin(), wanted.type.end());
    if (other) {
        throw error{errc::incompatible_type, "open queue", where.name,
                    "its messages are of another type"};
    }
    const bool durable = (words.shape().flags & memory::queue_is_durable) != 0;
    if (wanted.least == durability::host_crash && !durable) {
        throw error{errc::unsupported, "open queue", where.name,
                    "it survives the death of processes only, and not a stop of the machine"};
    }
}

std::shared_ptr<sync::region_core> open_region(os::file content, const std::string& name) {
    return {new sync::region_core{std::move(content), name}, os::delete_where_made{}};
}

queue_words make_queue(sync::region_core& region, const queue_geometry& made,
                       const queue_shape& shape) {
    const std::string begin = memory::queue_beginning(made, shape.type);
    const sync::found_object found =
        region.find_or_make_any({.kind = memory::object_kind::queue,
                                 .name = object_name,
                                 .bytes = made.bytes(),
                                 .initial = std::as_bytes(std::span{begin})});
    return checked_words(found, region);
}

// It gets its name when it is whole: nobody ever meets a part of it, and who dies meanwhile leaves
// nothing. A mailbox has its reader by then.
opened_queue create_at(const os::file_place& place, const queue_place& where,
                       const queue_shape& shape) {
    const queue_geometry made = geometry_of(where, shape);
    const memory::region_geometry geometry{region_bytes(made, shape.seats), shape.seats, objects};
    os::file content = os::file::create_unnamed(place, geometry.bytes);
    sync::region_core::format(content, geometry);
    const auto region = open_region(std::move(content), where.name);
    const queue_words words = make_queue(*region, made, shape);
    if (shape.readers == queue_readers::one) {
        // relaxed: whoever finds the name finds this
        words.header().reader.store(region->self().bits(), std::memory_order_relaxed);
    }
    region->content().give_name(place);
    return {region, words};
}

std::optional<opened_queue> try_create_at(const os::file_place& place, const queue_place& where,
                                          const queue_shape& shape) {
    try {
        return create_at(place, where, shape);
    } catch (const error& e) {
        if (e.code() != std::errc::file_exists) throw;
        return std::nullopt;
    }
}

opened_queue open_content(os::file content, const queue_place& where) {
    auto region = open_region(std::move(content), where.name);
    const auto found = queue_among(region->objects());
    if (!found) {
        throw error{errc::damaged, "open queue", where.name,
                    "there is none in that file; remove it, and what is in it is lost"};
    }
    const queue_words words = checked_words(*found, *region);
    return {std::move(region), words};
}

// ---- names of mailboxes -------------------------------------------------------------------------

/// Whoever removes the name of a mailbox locks this byte of its file, so that nobody removes the
/// name of the next one. It is behind those of the seats.
constexpr os::byte_range name_byte{2 * memory::seats_limit, 1};

void await_and_remove_name(const os::file& content, const os::file_place& place) {
    const auto turn = os::range_lock::take(content, os::lock_kind::exclusive, name_byte);
    if (content.is_at(place)) os::remove_file(place);
}

/// Whether it is a mailbox whose reader is gone; then it is so for good. Takes no seat: all may be
/// taken by those who write to it.
bool is_abandoned(const os::file& content, const std::string& name) {
    const sync::region_look region{content, name};
    const auto found = queue_among(region.objects());
    queue_geometry shape;
    bool other_version = false;
    if (!found || memory::flaw_of(found->where, found->bytes, shape, other_version) != nullptr) {
        return false;
    }
    if ((shape.flags & memory::queue_is_mailbox) == 0) return false;
    const queue_words words{found->where, shape};
    // relaxed: it was stored before the file had its name
    const std::uint32_t reader = words.header().reader.load(std::memory_order_relaxed);
    const auto owner = memory::stamp::of(reader);
    return owner.nobody() || region.dead(owner);
}

/// No value where there is none, or it was that of a reader who is gone and we are to be one.
std::optional<os::file> try_open_file(const os::file_place& place, const queue_place& where,
                                      const queue_shape& wanted) {
    std::optional<os::file> content = os::file::try_open(place);
    const bool reads = wanted.readers == queue_readers::one;
    if (!content || !reads || !is_abandoned(*content, where.name)) return content;
    await_and_remove_name(*content, place);
    return std::nullopt;
}

// Between the opening of a file and the taking of a seat in it, the name may come to mean another.
opened_queue open_or_create_at(const os::file_place& place, const queue_place& where,
                               const queue_shape& shape) {
    constexpr int tries = 100;
    for (int i = 0; i < tries; ++i) {
        std::optional<os::file> content = try_open_file(place, where, shape);
        if (!content) {
            if (auto made = try_create_at(place, where, shape)) return std::move(*made);
            continue;
        }
        opened_queue opened = open_content(std::move(*content), where);
        if (opened.region->content().is_at(place)) return opened;
    }
    throw error{errc::limit_reached, "open queue", where.name, "it keeps being removed"};
}

void require_memory_is_enough(const queue_place& where, const queue_shape& wanted) {
    if (!where.path.empty() || wanted.least == durability::process_crash) return;
    throw error{errc::unsupported, "open queue", where.name,
                "one with a name lies in memory, and does not survive a stop of the machine; give "
                "a directory on a disk instead: \"file:///path\""};
}

}  // namespace

opened_queue open_queue(const queue_place& where, const queue_shape& wanted, opening how) {
    require_memory_is_enough(where, wanted);
    const queue_file_place at{where};
    const os::file_place& place = at.get();
    const auto opened = [&] {
        switch (how) {
            case opening::create: return create_at(place, where, wanted);
            case opening::open: return open_content(os::file::open(place), where);
            case opening::open_or_create: break;
        }
        return open_or_create_at(place, where, wanted);
    }();
    require_wanted(opened.words, where, wanted);
    return opened;
}

bool remove_queue(const queue_place& where) {
    return os::remove_file(queue_file_place{where}.get());
}

void remove_if_same(const queue_place& where, const sync::region_core& region) {
    const queue_file_place at{where};
    const os::file& content = region.content();
    const auto turn = os::range_lock::try_take(content, os::lock_kind::exclusive, name_byte);
    if (turn && content.is_at(at.get())) os::remove_file(at.get());
}

queue_shape shape_of(const queue_words& words) {
    const queue_geometry& is = words.shape();
    const std::span<const std::byte> type = words.type();
    queue_shape shape;
    const std::uint64_t whole = is.page_bytes + is.slots * sizeof(memory::queue_slot);
    shape.bytes = (is.pages - std::min(is.pages, queue_pages_spare)) * whole;
    shape.message_bytes_max = is.message_bytes_max;
    shape.priorities = is.priorities;
    shape.seats = is.seats;
    shape.deliveries_max = is.deliveries_max;
    shape.id_window = std::chrono::nanoseconds{static_cast<std::int64_t>(is.id_window_ns)};
    shape.expired = (is.flags & memory::queue_keeps_expired) != 0
                        ? expired_messages::kept_as_dead_letters
                        : expired_messages::dropped;
    shape.readers =
        (is.flags & memory::queue_is_mailbox) != 0 ? queue_readers::one : queue_readers::anybody;
    shape.payload_alignment = is.payload_alignment;
    shape.type.assign(type.begin(), type.end());
    shape.least = (is.flags & memory::queue_is_durable) != 0 ? durability::host_crash
                                                             : durability::process_crash;
    return shape;
}

}  // namespace signet::pattern
