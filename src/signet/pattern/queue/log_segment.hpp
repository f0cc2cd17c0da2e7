// SPDX-License-Identifier: Apache-2.0
// One file of a log (log_format.hpp): made with room and zeros behind all of it, so that writing a
// group changes nothing but bytes that are there. Whoever dies while making one leaves nothing, or
// all of it under its name; a group that is being written is whole when `write` has returned, and
// not to be relied on before. For one thread at a time. Throws `error`.
#pragma once

#include <signet/os/directory.hpp>
#include <signet/os/file.hpp>
#include <signet/pattern/queue/log_format.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signet::pattern {

enum class group_state {
    whole,
    broken,  ///< its head is sound, and the rest is not
    none,    ///< no head of that place
};

class log_segment {
public:
    /// "log.00000001"
    static std::string name_of(std::uint64_t number);
    /// No value where it is no such name.
    static std::optional<std::uint64_t> number_of(std::string_view name) noexcept;

    /// Makes the file of `header`, whose check is put in, with its first group. When it has its
    /// name both are on the disk; when this returns the name is, too. Throws where it exists.
    static log_segment create(const os::directory& in, segment_header header,
                              std::span<const std::byte> first_group);

    /// No value where there is none.
    static std::optional<log_segment> try_open(const os::directory& in, std::uint64_t number,
                                               os::file_access access);

    /// As it stands in the file: to be judged.
    const segment_header& header() const noexcept { return header_; }
    const os::file& content() const noexcept { return content_; }

    /// Writes a group over what stands there, past the page cache where that can be done, and
    /// returns when it is on the disk. Not for a segment that was opened to be read.
    void write(std::uint64_t position, const os::direct_buffer& group);

    /// Looks for a group at `place`; where it is whole, `bytes` are its own, to be read by
    /// `take_group`, and `head` is its head where that is sound.
    group_state read(const group_place& place, std::uint64_t end, group_head& head,
                     std::vector<std::byte>& bytes, std::vector<log_entry>& entries) const;

    /// Whether a sound head is at `place`.
    bool has_head(const group_place& place, std::uint64_t end, group_head& head) const;

    /// The segment's id as its groups have it, where its header cannot be believed; 0: none has.
    std::uint64_t id_by_groups() const;

private:
    log_segment(os::file content, const segment_header& header) noexcept
        : content_{std::move(content)}, header_{header} {}

    bool try_write_direct(std::uint64_t position, const os::direct_buffer& group);

    os::file content_;
    std::optional<os::file> direct_;  ///< the same past the page cache; asked for once
    bool asked_direct_ = false;
    segment_header header_;
};

}  // namespace signet::pattern
