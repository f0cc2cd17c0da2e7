// SPDX-License-Identifier: Apache-2.0
// How a reader built with one version of a type reads what a writer with another one writes. Plain
// messages are read in place, so their layouts must be the same. In dynamic messages fields are
// matched by name: their order may differ, a field that only one end has must be optional, a
// variant may know more alternatives, added at its end, than the writer does. All else must agree.
// `theirs` may come from a hostile peer. Pure functions and plain values; const use from any
// thread.
#pragma once

#include <signet/wire/descriptor.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace signet::wire {

inline constexpr std::size_t obstacles_max = 64;

/// Why messages of type `theirs` cannot be read as `ours`, a sentence each, at most
/// `obstacles_max`; empty if and only if they can. This is the one question a handshake asks,
/// whatever the two types are.
///
///     field 'pose.speed' exists only in theirs and is not optional: make it std::optional there
///     field 'pose.name': ours text, theirs i32
std::vector<std::string> reading_obstacles(const type_descriptor& ours,
                                           const type_descriptor& theirs);

/// Made once for each publisher, when it is joined; then every message is read by it.
class reading_plan {
public:
    /// A field that we do not have.
    static constexpr std::uint32_t skipped = 0xffffffff;

    /// How one type of theirs is read as one of ours. Of a direct step nothing else is looked at.
    struct step {
        bool direct = true;
        /// Of a record: for each field of theirs, which of ours it is, or `skipped`.
        std::vector<std::uint32_t> targets{};
        /// The steps of its parts: the fields of theirs, alternatives, or the one element.
        std::vector<std::uint32_t> parts{};
    };

    /// Both ends have the same type, or differ in nothing that is written.
    reading_plan() : steps_(1) {}

    explicit reading_plan(std::vector<step> steps) : steps_{std::move(steps)} {}

    /// Messages are read field by field in the order of their declaration: the fast way.
    bool direct() const noexcept { return steps_.back().direct; }

    const step& root() const noexcept { return steps_.back(); }
    const step& at(std::uint32_t index) const noexcept { return steps_[index]; }

private:
    std::vector<step> steps_;
};

/// Throws `error` (incompatible_type) with the obstacles in its text, where there are any.
reading_plan plan_reading(const type_descriptor& ours, const type_descriptor& theirs);

}  // namespace signet::wire
