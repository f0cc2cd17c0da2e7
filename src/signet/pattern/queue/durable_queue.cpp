// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/queue/durable_queue.hpp>

#include <signet/base/error.hpp>
#include <signet/os/file.hpp>
#include <signet/os/file_lock.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/pattern/queue/group_commit.hpp>
#include <signet/pattern/queue/log_fields.hpp>
#include <signet/pattern/queue/stored_shape.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace signet::pattern {
namespace {

constexpr const char* lanes_name = "lanes";
constexpr const char* lock_name = "lock";
constexpr const char* removed_name = "removed";
constexpr std::uint64_t identity_page_shift = 20;

queue_place lanes_of(const os::directory& in, const std::string& path) {
    queue_place place = queue_place::at(in.path_of(lanes_name));
    place.name = path;
    return place;
}

// ---- recovery -----------------------------------------------------------------------------------

[[noreturn]] void complain_of_room(const std::string& path) {
    throw error{errc::damaged, "recover queue", path,
                "what lives in its log does not fit in lanes of its shape"};
}

// What lives is pushed to the new lanes, in the order of its identities.
void restore_all(const log_reader& found, queue_core& to, const std::string& path) {
    const std::chrono::nanoseconds offset = wall_offset();
    const auto now = static_cast<std::uint64_t>(clock::now().time_since_epoch().count());
    std::vector<std::byte> buffer;
    std::uint64_t tickets = found.tickets();
    for (const auto& [identity, place] : found.live()) {
        tickets = std::max(tickets, (identity >> identity_page_shift) + 1);
    }
    to.skip_tickets(tickets);
    for (const auto& [identity, place] : found.live()) {
        const std::optional<log_entry> entry = found.fetch(place, buffer);
        auto facts = entry ? read_fields(entry->fields, offset, now) : std::nullopt;
        if (!facts || (!facts->reason && facts->priority >= to.shape().priorities)) continue;
        facts->identity = identity;
        if (!to.restore(*facts, entry->payload)) complain_of_room(path);
    }
}

// Lanes whose pages are the same, and more of them: what is restored may lie less well than it did.
queue_shape roomy(queue_shape shape, const log_reader& found) {
    std::uint64_t live_bytes = 0;
    for (const auto& [identity, place] : found.live()) live_bytes += place.bytes + 128;
    shape.bytes = std::max(shape.bytes, live_bytes + live_bytes / 4 + shape.message_bytes_max);
    return shape;
}

// A log that was there and is not is no empty one.
void require_log(const os::directory& in, const std::string& path, const log_reader& found) {
    const bool had_one = os::file::try_open({in, lanes_name}).has_value() ||
                         os::file::try_open({in, log_accord::file_name}).has_value();
    if (found.end().segment != 0 || !had_one) return;
    throw error{errc::damaged, "open queue", path,
                "its log is missing; put it back, or remove the directory to begin anew"};
}

// Each recovery leaves a segment; those that were interrupted as well.
void collect(const os::directory& in, std::uint64_t tickets, std::uint64_t segment_bytes) {
    const std::optional<log_accord> accord = log_accord::try_open(in);
    if (!accord) return;
    try {
        queue_log{in, accord->words().end, segment_bytes}.collect_all(tickets);
    } catch (const error&) {
        // All is safe; where the disk is at its end, the next push says so.
    }
}

/// Lanes and an accord of this boot, from what the log says. Alone.
void recover(const os::directory& in, const std::string& path, const queue_shape& shape,
             std::uint64_t segment_bytes) {
    log_reader found{in};
    found.follow();
    require_log(in, path, found);
    log_accord::remove(in);
    os::remove_file({in, lanes_name});
    const log_position end = queue_log::begin(in, found, segment_bytes);
    {
        const auto lanes = queue_core::create(lanes_of(in, path), roomy(shape, found));
        restore_all(found, *lanes, path);
    }
    const auto last = log_segment::try_open(in, end.segment, os::file_access::read_only);
    if (last) log_accord::create(in, last->header().log, end);
    collect(in, found.tickets(), segment_bytes);
}

// What somebody left who died while he removed a queue, or made one.
void clear(const os::directory& in) {
    in.remove(log_accord::file_name);
    in.remove(lanes_name);
    for (const std::string& one : in.list()) {
        if (log_segment::number_of(one)) in.remove(one);
    }
    in.remove(removed_name);
}

// Whoever removes a queue leaves word of it until its log is gone: a log without a shape is
// somebody's messages otherwise.
void require_no_log(const os::directory& in, const std::string& path) {
    const std::vector<std::string> names = in.list();
    const bool has_log = std::any_of(names.begin(), names.end(), [](const std::string& one) {
        return log_segment::number_of(one).has_value();
    });
    const bool removed = std::find(names.begin(), names.end(), removed_name) != names.end();
    if (!has_log || removed) return;
    throw error{errc::damaged, "open queue", path,
                "its file 'shape' is missing, and its log is there; put it back, or remove the "
                "directory to begin anew"};
}

// ---- opening ------------------------------------------------------------------------------------

[[noreturn]] void complain_of_users(const std::string& path, const char* why) {
    throw error{errc::refused, "open queue", path,
                std::string{why} + ", and others have it open: close it everywhere first"};
}

std::optional<os::range_lock> try_use(const os::file& lock, os::lock_kind kind) {
    return os::range_lock::try_take(lock, kind, opened_log::using_byte);
}

/// Whether the accord is about this log.
bool is_valid(const os::directory& in, const log_accord& accord) {
    const log_position end = accord.words().end.get();
    const auto last = log_segment::try_open(in, end.segment, os::file_access::read_only);
    return last && judge(last->header()) == header_state::sound &&
           last->header().log == accord.log() && end.end <= last->header().bytes &&
           os::file::try_open({in, lanes_name}).has_value();
}

std::optional<log_accord> valid_accord(const os::directory& in) {
    std::optional<log_accord> accord = log_accord::try_open(in);
    if (accord && !is_valid(in, *accord)) accord.reset();
    return accord;
}

/// What the living agree on: the end of the log, and the lanes.
struct agreement {
    log_accord accord;
    std::shared_ptr<queue_core> lanes;
};

/// No value where there is none of this boot, or it is damaged: the log is the truth.
std::optional<agreement> try_agree(const os::directory& in, const std::string& path,
                                   const queue_shape& shape) {
    std::optional<log_accord> accord = valid_accord(in);
    if (!accord) return std::nullopt;
    try {
        return agreement{std::move(*accord), queue_core::open(lanes_of(in, path), shape)};
    } catch (const error& e) {
        if (e.code() != errc::damaged && e.code() != errc::incompatible_version) throw;
        return std::nullopt;
    }
}

agreement recovered(const os::directory& in, const os::file& lock, const std::string& path,
                    const queue_shape& shape, std::uint64_t segment_bytes) {
    if (std::optional<agreement> found = try_agree(in, path, shape)) return std::move(*found);
    const std::optional<os::range_lock> alone = try_use(lock, os::lock_kind::exclusive);
    if (!alone) complain_of_users(path, "it has to be recovered");
    recover(in, path, shape, segment_bytes);
    if (std::optional<agreement> found = try_agree(in, path, shape)) return std::move(*found);
    throw error{errc::damaged, "open queue", path, "it was changed while it was recovered"};
}

void require(const std::string& path, const queue_shape& stored, const queue_shape& wanted) {
    if (wanted.type.empty() || stored.type.empty() || wanted.type == stored.type) return;
    throw error{errc::incompatible_type, "open queue", path, "its messages are of another type"};
}

// As it stands on the disk, or as it is made now.
queue_shape settled_shape(const os::directory& in, const std::string& path,
                          const queue_shape& wanted, opening how) {
    const std::optional<queue_shape> stored = stored_shape(in);
    if (stored && how == opening::create) {
        throw error{std::make_error_code(std::errc::file_exists), "create queue", path,
                    "there is one already: open it, or remove it first"};
    }
    if (stored) {
        require(path, *stored, wanted);
        return *stored;
    }
    if (how == opening::open) {
        throw error{std::make_error_code(std::errc::no_such_file_or_directory), "open queue", path,
                    "there is none in that directory; create it first"};
    }
    queue_shape made = wanted;
    made.least = durability::host_crash;
    require_no_log(in, path);
    clear(in);
    store_shape(in, made);
    os::sync_name(path);
    return made;
}

/// The lock file of the queue that is there now. No value: it was removed meanwhile, and the path
/// may mean another.
std::optional<os::file> try_open_lock(const os::directory& in) try {
    return os::file::open_or_create({in, lock_name});
} catch (const error& e) {
    if (e.code() != std::errc::no_such_file_or_directory) throw;
    return std::nullopt;
}

/// No value: somebody removed it just now.
std::optional<os::directory> try_open_directory(const std::string& path, opening how) {
    if (how == opening::open) return os::directory::open(path);
    try {
        return os::directory::open_or_create(path);
    } catch (const error& e) {
        if (e.code() != std::errc::no_such_file_or_directory) throw;
        os::directory::open(os::file_place{path}.directory_name());  // to make it in
        return std::nullopt;
    }
}

/// Null: it was removed before we had the turn to open it.
std::shared_ptr<queue_core> open_in(os::directory in, const std::string& path,
                                    const queue_shape& wanted, opening how,
                                    std::uint64_t segment_bytes) {
    std::optional<os::file> met = try_open_lock(in);
    if (!met) return nullptr;
    os::file lock = std::move(*met);
    const auto turn =
        os::range_lock::take(lock, os::lock_kind::exclusive, opened_log::opening_byte);
    if (!lock.is_at({in, lock_name})) return nullptr;
    const queue_shape shape = settled_shape(in, path, wanted, how);
    auto [accord, core] = recovered(in, lock, path, shape, segment_bytes);
    const bool poisoned = accord.words().end.get().poisoned;
    std::optional<os::range_lock> alone;
    if (poisoned) alone = try_use(lock, os::lock_kind::exclusive);
    if (poisoned && !alone) complain_of_users(path, "a write to its disk failed");
    std::shared_ptr<group_commit> committer{
        new group_commit{{std::move(in), std::move(lock), std::move(accord), segment_bytes}},
        os::delete_where_made{}};
    core->commit_by(committer);
    if (poisoned) committer->cure(*core);
    alone.reset();
    committer->begin_use(*core);
    // The committer's thread uses the queue: it goes first. A forked child leaves both alone.
    queue_core* const seen = core.get();
    return {seen, [core = std::move(core), committer,
                   here = os::made_in_process{}](queue_core* of) mutable {
                if (here.still()) committer->close(*of);
                core.reset();
            }};
}

}  // namespace

std::shared_ptr<queue_core> open_durable_queue(const std::string& path, const queue_shape& shape,
                                               opening how, std::uint64_t segment_bytes) {
    constexpr int tries = 100;
    for (int i = 0; i < tries; ++i) {
        std::optional<os::directory> in = try_open_directory(path, how);
        if (!in) continue;
        if (auto opened = open_in(std::move(*in), path, shape, how, segment_bytes)) return opened;
    }
    throw error{errc::limit_reached, "open queue", path, "it keeps being removed"};
}

bool remove_durable_queue(const std::string& path) {
    const os::directory parent = os::directory::open(os::file_place{path}.directory_name());
    const auto name = std::string{os::file_place{path}.last_name()};
    const std::optional<os::directory> in = parent.open_below(name);
    if (!in || !stored_shape(*in)) return false;
    const std::optional<os::file> lock = try_open_lock(*in);
    if (!lock) return false;
    const auto turn =
        os::range_lock::take(*lock, os::lock_kind::exclusive, opened_log::opening_byte);
    if (!lock->is_at({*in, lock_name})) return false;  // somebody else has removed it
    const std::optional<os::range_lock> alone = try_use(*lock, os::lock_kind::exclusive);
    if (!alone) {
        throw error{errc::refused, "remove queue", path, "others have it open: close it first"};
    }
    in->rename(shape_file_name, removed_name);
    os::sync_name({*in, removed_name});
    clear(*in);
    in->remove(lock_name);
    parent.remove_empty_directory(name);
    return true;
}

log_report verify_log(const std::string& path) {
    const os::directory in = os::directory::open(path);
    log_report report;
    log_reader reader{in};
    // Segments may come and go meanwhile.
    for (int looks = 0; looks < 3; ++looks) {
        const std::optional<log_accord> accord = valid_accord(in);
        std::optional<log_position> end;
        if (accord) end = accord->words().end.get();
        report.in_use = accord.has_value();
        report.poisoned = end && end->poisoned;
        reader.follow(end);
        if (!end || reader.end().segment == end->segment) break;
    }
    report.segments = reader.segments().size();
    report.groups = reader.groups();
    report.entries = reader.entries();
    report.live = reader.live().size();
    report.damage = reader.damage();
    for (const auto& [number, facts] : reader.segments()) {
        report.bytes += facts.bytes;
        report.live_bytes += facts.live_bytes;
    }
    return report;
}

}  // namespace signet::pattern
