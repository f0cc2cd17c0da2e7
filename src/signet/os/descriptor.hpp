// SPDX-License-Identifier: Apache-2.0
// The owner of one open file descriptor. Whoever holds it closes it; it is passed on by moving. All
// descriptors that Signet makes are closed by exec. One object belongs to one thread at a time; the
// number it holds may be used by several threads as long as nobody closes it.
#pragma once

#include <utility>

namespace signet::os {

class descriptor {
public:
    /// Holds nothing.
    descriptor() noexcept = default;

    /// Takes over `number`; -1 is nothing.
    explicit descriptor(int number) noexcept : number_{number} {}

    descriptor(descriptor&& other) noexcept : number_{other.release()} {}
    descriptor& operator=(descriptor&& other) noexcept;

    /// Closes it; an error at this point is dropped, so call `close` where it matters.
    ~descriptor();

    /// The number, -1 where it holds nothing. Valid until this object is closed or destroyed.
    int get() const noexcept { return number_; }

    explicit operator bool() const noexcept { return number_ >= 0; }

    /// Gives the number up; the caller closes it.
    int release() noexcept { return std::exchange(number_, -1); }

    /// Closes it, now. The descriptor is gone even where this throws `error`: a delayed write
    /// failed. Does nothing where it holds nothing.
    void close();

    /// Another descriptor of the same open file, which shares its offset and its flags. Throws
    /// `error` at the limit of open files.
    descriptor duplicate() const;

    /// Makes `number` another descriptor of the same open file; what it was before is closed in the
    /// same moment, so that nobody else gets the number. False where the kernel refuses.
    bool take_place_of(int number) const noexcept;

private:
    int number_ = -1;
};

/// `descriptor::duplicate` for one that somebody else owns.
descriptor duplicate(int number);

}  // namespace signet::os
