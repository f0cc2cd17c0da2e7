// SPDX-License-Identifier: Apache-2.0
#include <signet/observe/queues.hpp>

#include <signet/memory/queue_lane.hpp>
#include <signet/memory/queue_layout.hpp>
#include <signet/memory/queue_pages.hpp>
#include <signet/memory/region_layout.hpp>
#include <signet/observe/file_bytes.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

namespace signet::observe {
namespace {

using memory::page_state;
using memory::page_word;
using memory::queue_geometry;
using memory::queue_words;
using memory::record_state;
using memory::region_geometry;
using memory::seen_page;
using memory::slot_word;

struct alignas(memory::line_bytes) copied_line {
    std::array<std::byte, memory::line_bytes> bytes;
};

/// The file as it is now, in private memory.
class file_copy {
public:
    explicit file_copy(const os::file& content)
        : bytes_{content.size()}, lines_(bytes_ / memory::line_bytes + 1) {
        file_bytes from{content};
        for (std::uint64_t at = 0; at < bytes_; at += file_bytes::piece_bytes) {
            const std::uint64_t some = std::min(bytes_ - at, file_bytes::piece_bytes);
            from.copy(at, begin() + at, static_cast<std::size_t>(some));
        }
    }

    std::byte* begin() noexcept { return lines_.data()->bytes.data(); }
    std::uint64_t size() const noexcept { return bytes_; }

private:
    std::uint64_t bytes_;
    std::vector<copied_line> lines_;
};

/// Where an object lies.
struct object_place {
    std::uint64_t offset;
    std::uint64_t bytes;
};

/// One look at all of it.
class queue_look {
public:
    explicit queue_look(const os::file& content) : copy_{content} { view_.bytes = copy_.size(); }

    queue_view run() {
        if (const auto object = find_queue()) walk(*object);
        return std::move(view_);
    }

private:
    void complain(std::string_view what) {
        if (view_.flaws.size() < queue_flaws_max) view_.flaws.emplace_back(what);
    }

    std::optional<object_place> find_queue() {
        region_geometry shape;
        if (copy_.size() < memory::page_bytes) {
            complain("it has less than a page");
            return std::nullopt;
        }
        const std::string flaw = memory::flaw_of(copy_.begin(), copy_.size(), shape);
        if (!flaw.empty()) {
            complain("the region: " + flaw);
            return std::nullopt;
        }
        for (std::uint32_t i = 0; i < shape.objects; ++i) {
            if (const auto found = queue_in(shape, i)) return found;
        }
        complain("there is no queue in it");
        return std::nullopt;
    }

    std::optional<object_place> queue_in(const region_geometry& shape, std::uint32_t entry) {
        const std::byte* const at =
            copy_.begin() + shape.objects_offset() + entry * sizeof(memory::object_entry);
        std::uint64_t first = 0;
        memory::entry_words words;
        std::memcpy(&first, at, sizeof first);
        std::memcpy(words.data(), at + sizeof first, sizeof words);
        constexpr auto kind = memory::object_kind::queue;
        if ((first & 0xffffffff) != static_cast<std::uint64_t>(kind)) return std::nullopt;
        const object_place place{words[0], words[1]};
        const bool fits = first == memory::kind_and_check(kind, words) &&
                          place.offset % memory::line_bytes == 0 && place.offset < shape.bytes &&
                          place.bytes <= shape.bytes - place.offset &&
                          place.bytes >= sizeof(memory::queue_header);
        if (fits) return place;
        complain("entry " + std::to_string(entry) + " of its directory is damaged");
        return std::nullopt;
    }

    void walk(const object_place& object) {
        queue_geometry shape;
        bool other_version = false;
        std::byte* const begin = copy_.begin() + object.offset;
        const char* const flaw = memory::flaw_of(begin, object.bytes, shape, other_version);
        if (flaw != nullptr) return complain(std::string{"the queue: "} + flaw);
        view_.pages = shape.pages;
        const queue_words words{begin, shape};
        for (std::uint32_t page = 0; page < shape.pages; ++page) walk_page(words, page);
    }

    void walk_page(const queue_words& words, std::uint32_t page) {
        const page_word word = words.see_page(page);
        if (word.state() == page_state::free) ++view_.pages_free;
        if (word.state() > page_state::ending) complain_of(page, "is in a state that cannot be");
        if (!word.is_walked()) return;
        if (!words.shape().has_priority(word.priority()))
            complain_of(page, "is of a priority that it does not have");
        if (word.seat() >= words.shape().seats)
            complain_of(page, "is of a seat that it does not have");
        for (std::uint32_t slot = 0; slot < words.shape().slots; ++slot) {
            // relaxed: nobody else writes a copy
            const slot_word record{words.slot(page, slot).word.load(std::memory_order_relaxed)};
            if (record.tag() != word.tag() || record.state() == record_state::nothing) return;
            count(words, {page, word}, slot, record);
        }
    }

    void count(const queue_words& words, const seen_page& page, std::uint32_t slot,
               slot_word word) {
        const bool dead = page.word.priority() == memory::dead_priority;
        switch (word.state()) {
            case record_state::ready: ++(dead ? view_.dead_letters : view_.ready); break;
            case record_state::moving:
            case record_state::delayed: ++(dead ? view_.dead_letters : view_.delayed); break;
            case record_state::taken: ++(dead ? view_.dead_letters : view_.held); break;
            case record_state::done: ++view_.done; return;
            case record_state::loaned:
            case record_state::staged:
            case record_state::copied:
            case record_state::finished: ++view_.under_way; return;
            default: return complain_of(page.page, "has a record in a state that cannot be");
        }
        memory::queue_record record;
        if (memory::read_record(words, page, slot, record)) return;
        complain_of(page.page, "has a record " + std::to_string(slot) + " that cannot be");
    }

    void complain_of(std::uint32_t page, const std::string& what) {
        std::string text = "page ";
        text.append(std::to_string(page)).append(" ").append(what);
        complain(text);
    }

    file_copy copy_;
    queue_view view_;
};

}  // namespace

queue_view verify_queue(const os::file& content) {
    queue_view first = queue_look{content}.run();
    if (first.flaws.empty()) return first;
    queue_view second = queue_look{content}.run();
    std::erase_if(second.flaws, [&](const std::string& one) {
        return std::find(first.flaws.begin(), first.flaws.end(), one) == first.flaws.end();
    });
    return second;
}

}  // namespace signet::observe
