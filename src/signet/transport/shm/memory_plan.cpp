// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/memory_plan.hpp>

#include <signet/base/error.hpp>
#include <signet/transport/shm/topic_publisher.hpp>

#include <array>
#include <sstream>
#include <system_error>

namespace signet::transport::shm {
namespace {

std::uint64_t page_bytes_of(page_size pages) {
    return pages == page_size::huge ? os::huge_page_bytes : memory::page_bytes;
}

/// With the bells, which lie in a page of their own.
std::uint64_t bytes_with(std::uint64_t chunks, const memory::topic_geometry& shape,
                         page_size pages) {
    return memory::round_up(shape.chunks_offset() + chunks * shape.chunk_bytes,
                            page_bytes_of(pages)) +
           memory::page_bytes;
}

std::string chunks_text(std::uint64_t count, const memory_plan& plan) {
    if (plan.chunk_bytes == 0) return "no chunks";
    return std::to_string(count) + " chunks of " + bytes_text(plan.chunk_bytes);
}

std::string what_to_lower(const memory_plan& plan) {
    if (plan.chunk_bytes == 0) return "lower depth or history";
    if (plan.grows()) return "lower depth, history, loans_max or payload_bytes_typical";
    return "lower depth, history, loans_max or the size of a message";
}

[[noreturn]] void refuse(std::error_code code, const std::string& topic, const std::string& needed,
                         const std::string& left, const std::string& help) {
    std::ostringstream advice;
    advice << needed << ", and " << left << "; " << help;
    throw error{code, "publish topic", topic, advice.str()};
}

void require_huge_pages(const memory_plan& plan, const os::memory_limits& limits,
                        const std::string& topic) {
    const std::uint64_t needed = plan.huge_pages();
    if (needed <= limits.huge_pages_free) return;
    const std::uint64_t total = limits.huge_pages_total + needed - limits.huge_pages_free;
    refuse(std::make_error_code(std::errc::not_enough_memory), topic,
           "it needs " + bytes_text(needed * os::huge_page_bytes) + " of huge pages",
           bytes_text(limits.huge_pages_free * os::huge_page_bytes) + " of them are free",
           "reserve them with sysctl vm.nr_hugepages=" + std::to_string(total) +
               ", or use page_size::standard");
}

void require_free_memory(const memory_plan& plan, const os::memory_limits& limits,
                         const std::string& topic) {
    // Huge pages are set aside already, and are none of what is free otherwise.
    if (plan.pages == page_size::huge) return require_huge_pages(plan, limits, topic);
    if (plan.bytes_full <= limits.free_bytes) return;
    refuse(std::make_error_code(std::errc::not_enough_memory), topic,
           "a full ring takes " + bytes_text(plan.bytes_full) + " (" +
               chunks_text(plan.chunks_full, plan) + ")",
           limits.free_where + " has " + bytes_text(limits.free_bytes) + " left",
           what_to_lower(plan));
}

void require_range(std::uint64_t needed, std::uint64_t limit, const char* kind,
                   const memory_plan& plan, const std::string& topic) {
    if (needed <= limit) return;
    refuse(errc::limit_reached, topic, "its memory spans " + bytes_text(needed),
           std::string{kind} + " leaves " + bytes_text(limit),
           "raise that limit, or " + what_to_lower(plan) +
               (plan.chunk_bytes != 0 ? ", or held_total" : ""));
}

const char* text_of(paging how) {
    switch (how) {
        case paging::on_demand: break;
        case paging::prefaulted: return "prefaulted";
        case paging::locked: return "prefaulted and locked";
    }
    return "on demand";
}

}  // namespace

std::uint64_t memory_plan::huge_pages() const noexcept {
    return pages == page_size::huge ? (bytes_full - memory::page_bytes) / os::huge_page_bytes : 0;
}

std::uint64_t memory_plan::segment_bytes_at_creation() const noexcept {
    return bytes_at_creation - memory::page_bytes;
}

memory_plan plan_for(const memory::topic_geometry& shape, const publisher_options& options) {
    // Huge pages that were not taken at creation could be somebody else's later.
    const bool at_once = options.memory != paging::on_demand || options.pages == page_size::huge;
    const std::uint64_t full = shape.chunk_count == 0 ? 0 : shape.depth + options.loans_max;
    const std::uint64_t first = at_once ? full : 0;
    return {.depth = shape.depth,
            .slot_bytes = shape.slot_bytes,
            .chunk_bytes = shape.chunk_bytes,
            .payload_bytes_max = shape.payload_bytes_max,
            .chunks_at_creation = first,
            .chunks_full = full,
            .chunks_max = shape.chunk_count,
            .ring_bytes = shape.chunks_offset() + memory::page_bytes,
            .bytes_at_creation = bytes_with(first, shape, options.pages),
            .bytes_full = bytes_with(full, shape, options.pages),
            .bytes_max = bytes_with(shape.chunk_count, shape, options.pages),
            .address_bytes = memory::round_up(shape.segment_bytes(), page_bytes_of(options.pages)) +
                             memory::page_bytes,
            .how = options.memory,
            .pages = options.pages};
}

memory_plan plan_memory(const publisher_options& options, const wire::type_descriptor& type,
                        const std::string& topic) {
    return plan_for(choose_geometry(options, type, topic), options);
}

void require_memory(const memory_plan& plan, const os::memory_limits& limits,
                    const std::string& topic) {
    require_free_memory(plan, limits, topic);
    require_range(plan.address_bytes - memory::page_bytes, limits.file_bytes_max,
                  "the limit of file sizes (ulimit -f)", plan, topic);
    require_range(plan.address_bytes, limits.address_bytes_left,
                  "the limit of addresses (ulimit -v)", plan, topic);
}

std::string to_text(const memory_plan& plan) {
    std::ostringstream text;
    text << "ring        " << bytes_text(plan.ring_bytes) << ": " << plan.depth << " slots of "
         << bytes_text(plan.slot_bytes) << "\nat creation " << bytes_text(plan.bytes_at_creation)
         << ": the ring, " << chunks_text(plan.chunks_at_creation, plan) << ", "
         << text_of(plan.how) << "\nring full   " << bytes_text(plan.bytes_full) << ": the ring, "
         << chunks_text(plan.chunks_full, plan) << "\nat most     " << bytes_text(plan.bytes_max)
         << ": the ring, " << chunks_text(plan.chunks_max, plan)
         << ", if subscribers hold all they may\naddresses   " << bytes_text(plan.address_bytes)
         << ", here and in each subscriber\n";
    if (plan.pages == page_size::huge) {
        text << "huge pages  " << plan.huge_pages() << " of 2 MiB\n";
    }
    if (plan.grows()) {
        text << "larger ones up to " << bytes_text(plan.payload_bytes_max)
             << ": further memory, made when the first message above "
             << bytes_text(plan.chunk_bytes) << " comes\n";
    }
    return text.str();
}

std::string bytes_text(std::uint64_t bytes) {
    constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
    constexpr std::uint64_t step = 1024;
    std::size_t unit = 0;
    std::uint64_t tenths = bytes * 10;
    for (; tenths >= step * 10 && unit + 1 < units.size(); ++unit) tenths = (tenths + 512) / step;
    std::ostringstream text;
    text << tenths / 10;
    if (tenths % 10 != 0) text << '.' << tenths % 10;
    text << ' ' << units[unit];
    return text.str();
}

}  // namespace signet::transport::shm
