// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/region.hpp>

#include <signet/base/error.hpp>
#include <signet/base/name.hpp>
#include <signet/life/rendezvous_directory.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/os/memfd.hpp>
#include <signet/sync/region_core.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace signet::sync {
namespace {

using memory::region_geometry;

region_geometry shape_of(const region_options& options) {
    const region_geometry shape{memory::up_to_page(options.bytes), options.seats, options.objects};
    if (!shape.sound()) {
        throw error{errc::bad_option,
                    "create region",
                    {},
                    "it has 1 to " + std::to_string(memory::seats_limit) +
                        " seats, 1 to 65536 objects, and for so many of them at least " +
                        std::to_string(shape.bytes_min()) + " bytes"};
    }
    return shape;
}

/// A name's file: "robot/state" is "robot:state" in the folder of regions.
class named_place {
public:
    named_place(std::string_view name, const region_options& options)
        : folder_{life::open_rendezvous_directory(options.directory.empty()
                                                      ? life::default_rendezvous_path()
                                                      : options.directory)
                      .open_or_create_below("regions")},
          place_{folder_, file_name(name)} {}

    const os::file_place& get() const noexcept { return place_; }

private:
    static std::string file_name(std::string_view name) {
        address where = parse_address(name);
        if (where.scheme != "shm") {
            throw error{errc::unsupported, "open region", name,
                        "by name it lies in shared memory; for a file of yours see open_file"};
        }
        std::replace(where.name.begin(), where.name.end(), '/', ':');
        return std::move(where.name);
    }

    os::directory folder_;
    os::file_place place_;
};

os::file create_at(const os::file_place& place, const region_options& options) {
    const region_geometry shape = shape_of(options);
    return os::file::create_sized(
        place, shape.bytes, os::file::private_mode,
        [&](const os::file& fresh) { region_core::format(fresh, shape); });
}

/// No value where somebody else created it.
std::optional<os::file> try_create_at(const os::file_place& place, const region_options& options) {
    try {
        return create_at(place, options);
    } catch (const error& e) {
        if (e.code() != std::errc::file_exists) throw;
        return std::nullopt;
    }
}

std::shared_ptr<region_core> open_core(os::file content, std::string name) {
    // A forked child has no thread to end, and no seat to leave.
    return {new region_core{std::move(content), std::move(name)}, os::delete_where_made{}};
}

// Between the opening of a file and the taking of a seat in it, the name may come to mean another.
std::shared_ptr<region_core> open_or_create(const os::file_place& place, const std::string& name,
                                            const region_options& options) {
    constexpr int tries = 100;
    for (int i = 0; i < tries; ++i) {
        std::optional<os::file> content = os::file::try_open(place);
        if (!content) content = try_create_at(place, options);
        if (!content) continue;
        auto core = open_core(std::move(*content), name);
        if (core->content().is_at(place)) return core;
    }
    throw error{errc::limit_reached, "open region", name, "it keeps being removed"};
}

}  // namespace

region::region(std::string_view name, const region_options& options)
    : core_{open_or_create(named_place{name, options}.get(), std::string{name}, options)} {}

region region::create(std::string_view name, const region_options& options) {
    const named_place where{name, options};
    return region{open_core(create_at(where.get(), options), std::string{name})};
}

region region::open(std::string_view name, const region_options& options) {
    const named_place where{name, options};
    return region{open_core(os::file::open(where.get()), std::string{name})};
}

region region::create_file(const std::string& path, const region_options& options) {
    return region{open_core(create_at(path, options), path)};
}

region region::open_file(const std::string& path) {
    return region{open_core(os::file::open(path), path)};
}

region region::create_anonymous(const region_options& options) {
    const region_geometry shape = shape_of(options);
    const os::descriptor memory = os::create_memfd("signet region", shape.bytes);
    os::allocate(memory, 0, shape.bytes);
    os::add_seals(memory, os::seals::shrink | os::seals::grow | os::seals::seal);
    os::file content = os::file::open_again(memory.get());
    region_core::format(content, shape);
    return region{open_core(std::move(content), "(anonymous)")};
}

region region::open_descriptor(int fd) {
    return region{open_core(os::file::open_again(fd), "(anonymous)")};
}

bool region::remove(std::string_view name, const region_options& options) {
    return os::remove_file(named_place{name, options}.get());
}

const std::string& region::name() const noexcept {
    return core_->name();
}

int region::fd() const {
    core_->check_process();
    return core_->content().fd();
}

region_account region::account() const {
    memory::heap_account heap;
    core_->transact([&](memory::transaction&) { heap = core_->heap().account(); });
    const std::uint64_t bytes = core_->shape().bytes;
    return {.bytes = bytes,
            .table_bytes = bytes - heap.used_bytes - heap.free_bytes,
            .used_bytes = heap.used_bytes,
            .free_bytes = heap.free_bytes,
            .used_blocks = heap.used_blocks,
            .free_blocks = heap.free_blocks};
}

}  // namespace signet::sync
