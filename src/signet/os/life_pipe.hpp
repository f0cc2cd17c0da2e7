// SPDX-License-Identifier: Apache-2.0
// A named pipe through which nothing is sent: it tells whether the process that made it lives, to
// anybody who may open it, and without a word to that process. The kernel tells of the end however
// it comes. What a SIGKILL leaves is the name. Forked children that do not exec live for it too.
// Any thread.
#pragma once

#include <signet/os/descriptor.hpp>
#include <signet/os/directory.hpp>

#include <optional>
#include <string_view>
#include <utility>

namespace signet::os {

class life_pipe {
public:
    /// Makes `name` in `place`, which must be free, for this user alone; others see it alive from
    /// when it is returned, and dead before. It may be renamed. Throws `error`.
    life_pipe(const directory& place, std::string_view name);

    /// Valid as long as this object.
    int fd() const noexcept { return held_.get(); }

private:
    descriptor held_;
};

class life_watch {
public:
    /// None: who made it has ended, or there is no such name. Throws `error`.
    static std::optional<life_watch> open(const directory& place, std::string_view name);

    /// To wait for its end, which is a hang-up (`interest::hang_up`). Valid as long as this object.
    int fd() const noexcept { return watching_.get(); }

private:
    explicit life_watch(descriptor watching) noexcept : watching_{std::move(watching)} {}

    descriptor watching_;
};

}  // namespace signet::os
