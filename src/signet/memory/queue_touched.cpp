// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/queue_touched.hpp>

#include <algorithm>
#include <iterator>

namespace signet::memory {
namespace {

using shared_set = shared_word<std::uint64_t>[page_set_words];

page_set take(shared_set& from) noexcept {
    std::array<std::uint64_t, page_set_words> bits{};
    for (std::size_t i = 0; i < page_set_words; ++i) {
        // relaxed: a look, so that a clear word stays where it is. Who set a bit before the fence
        // of its round is seen here, behind that of the committer.
        if (from[i].load(std::memory_order_relaxed) == 0) continue;
        bits[i] = from[i].exchange(0, std::memory_order_acquire);  // SYNC touched
    }
    return page_set{bits};
}

}  // namespace

void touch(const queue_words& in, std::uint32_t page, record_state as) noexcept {
    queue_header& header = in.header();
    shared_set& set = as == record_state::staged ? header.staged : header.finished;
    // SYNC touched
    set[page_set::word_of(page)].fetch_or(page_set::bit_of(page), std::memory_order_release);
}

void touch_all(const queue_words& in) noexcept {
    for (shared_set* set : {&in.header().staged, &in.header().finished}) {
        for (auto& word : *set) {
            word.store(~std::uint64_t{0}, std::memory_order_release);  // SYNC touched
        }
    }
}

bool is_touched(const queue_words& in) noexcept {
    const auto is_set = [](const shared_word<std::uint64_t>& word) {
        // relaxed: a look
        return word.load(std::memory_order_relaxed) != 0;
    };
    const queue_header& header = in.header();
    return std::any_of(std::begin(header.staged), std::end(header.staged), is_set) ||
           std::any_of(std::begin(header.finished), std::end(header.finished), is_set);
}

void unsettled_reader::for_each(bool all, const record_look& look) {
    const page_set staged = all ? page_set::all() : take(in_.header().staged);
    const page_set finished = all ? page_set::all() : take(in_.header().finished);
    settled_.resize(in_.shape().pages);
    list_pages(in_, pages_);
    std::erase_if(pages_, [&](const seen_page& page) {
        return !staged.has(page.page) && !finished.has(page.page);
    });
    sort_by_lane(pages_);
    for (const seen_page& page : pages_) look_at(page, finished.has(page.page), look);
}

void unsettled_reader::look_at(const seen_page& page, bool from_the_beginning,
                               const record_look& look) {
    settled_part& settled = settled_[page.page];
    if (settled.number != page.word.number()) settled = {.number = page.word.number()};
    for (std::uint32_t i = from_the_beginning ? 0 : settled.slots; i < in_.shape().slots; ++i) {
        const slot_word word{
            in_.slot(page.page, i).word.load(std::memory_order_acquire)};  // SYNC record
        const record_state state = word.state();
        if (word.tag() == page.word.tag()) {
            if (state == record_state::nothing) break;
            if (state == record_state::staged || state == record_state::finished)
                look(page, i, word);
        }
        const bool may_be_staged = word.tag() == page.word.tag() &&
                                   (state == record_state::loaned || state == record_state::staged);
        if (settled.slots == i && !may_be_staged) ++settled.slots;
    }
}

}  // namespace signet::memory
