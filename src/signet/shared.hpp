// SPDX-License-Identifier: Apache-2.0
// One object of plain data that processes share by name:
//
//     struct counters { std::uint64_t total; };
//     signet::region shop{"shop"};
//     signet::shared<counters> hits{shop, "hits"};
//     hits.with([](counters& c) { ++c.total; });
//     std::uint64_t total = hits.read().total;
//
// An object of up to 64 KiB is changed on a copy that becomes the value in one step: whoever dies
// in the middle leaves the old one, and readers never wait. A larger one is changed in place, under
// a lock: when its holder dies, the next one is told as with a `mutex`.
//
// Thread safety: any thread of any process, at the same time.
#pragma once

#include <signet/base/error.hpp>
#include <signet/region.hpp>
#include <signet/sync/shared_box.hpp>
#include <signet/wire/describe.hpp>
#include <signet/wire/descriptor.hpp>
#include <signet/wire/dynamic.hpp>

#include <chrono>
#include <cstddef>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace signet {

namespace face {
/// The descriptor of a type as it is kept with an object; throws `error` (incompatible_type), field
/// by field, where `theirs` is another layout.
std::vector<std::byte> encoded_descriptor(const wire::type_descriptor& ours);
void require_same_layout(const wire::type_descriptor& ours, std::span<const std::byte> theirs,
                         std::string_view name);
[[noreturn]] void complain_of_half_changed(std::string_view name);
}  // namespace face

template <class T>
struct shared_options {
    /// How a new object begins.
    T initial{};

    /// For objects that are changed in place: puts right what a dead process left half changed,
    /// with the lock. Without it, `with` and `read` throw `error` (owner_died) until `repair` is
    /// called.
    std::function<void(T&)> repair{};
};

template <class T>
class shared {
public:
    static_assert(wire::in_place<T>,
                  "a shared object is plain data: trivially copyable, and without pointers");

    /// Finds the object in the region, or makes it. Throws `error`: it is of another type
    /// (incompatible_type, field by field), no room, and as `mutex` does.
    shared(const region& in, std::string_view name, shared_options<T> options = {})
        : options_{std::move(options)},
          box_{in,
               {.name = name,
                .type = face::encoded_descriptor(wire::descriptor_of<T>()),
                .value = std::as_bytes(std::span{&options_.initial, 1})}} {
        face::require_same_layout(wire::descriptor_of<T>(), box_.type(), name);
        box_.require_wanted_size();
    }

    /// Calls `change(T&)` while nobody else changes the object; returns what it returns. What it
    /// throws is thrown, and where the object is changed on a copy nothing has changed then.
    template <class Change>
    auto with(Change&& change) {
        const locked mine{*this};
        if (box_.in_place()) return change_in_place(std::forward<Change>(change));
        const auto copy = std::make_unique_for_overwrite<T>();
        box_.copy_current(copy.get());
        const commit_unless_thrown at_end{box_, copy.get()};
        return std::forward<Change>(change)(*copy);
    }

    /// The value, as it was at one instant.
    T read() {
        T copy;
        if (box_.in_place()) {
            const locked mine{*this};
            std::memcpy(&copy, box_.bytes(), sizeof(T));
        } else {
            box_.read(&copy);
        }
        return copy;
    }

    /// Waits until `holds(const T&)`, and returns the value it held for.
    template <class Predicate>
    T wait(Predicate holds) {
        return *wait_within({}, holds);
    }

    /// The same; no value when the time has passed, or a stop was asked for.
    template <class Predicate>
    std::optional<T> wait_until(deadline until, Predicate holds) {
        return wait_within({.until = until}, holds);
    }
    template <class Rep, class Period, class Predicate>
    std::optional<T> wait_for(std::chrono::duration<Rep, Period> limit, Predicate holds) {
        return wait_until(after(std::chrono::ceil<std::chrono::nanoseconds>(limit)), holds);
    }
    template <class Predicate>
    std::optional<T> wait(std::stop_token stop, Predicate holds) {
        return wait_within({.stop = std::move(stop)}, holds);
    }

    /// Calls `mend(T&)` with the lock, whatever was left behind: for objects changed in place,
    /// where there is no repair hook.
    template <class Mend>
    void repair(Mend&& mend) {
        box_.lock({});
        const unlock_at_end end{box_};
        change_under_lock(std::forward<Mend>(mend));
    }

private:
    struct unlock_at_end {
        sync::shared_box& box;
        ~unlock_at_end() { box.unlock(sync::left_as::consistent); }
    };

    /// Has the lock, and an object that is whole.
    class locked {
    public:
        explicit locked(shared& of) : of_{&of} {
            if (of.box_.lock({}) == sync::ownership::clean || !of.box_.in_place()) return;
            try {
                if (!of.options_.repair) face::complain_of_half_changed(of.box_.name());
                of.change_under_lock(of.options_.repair);
            } catch (...) {
                of.box_.unlock(sync::left_as::found);
                throw;
            }
        }
        ~locked() { of_->box_.unlock(sync::left_as::consistent); }

    private:
        shared* of_;
    };

    struct commit_unless_thrown {
        sync::shared_box& box;
        const T* copy;
        int thrown = std::uncaught_exceptions();
        ~commit_unless_thrown() {
            if (std::uncaught_exceptions() == thrown) box.commit(copy);
        }
    };

    struct note_at_end {
        sync::shared_box& box;
        ~note_at_end() { box.note_change(); }
    };

    template <class Change>
    auto change_in_place(Change&& change) {
        const note_at_end end{box_};
        return std::forward<Change>(change)(*static_cast<T*>(box_.bytes()));
    }

    template <class Change>
    void change_under_lock(Change&& change) {
        if (box_.in_place())
            return static_cast<void>(change_in_place(std::forward<Change>(change)));
        const auto copy = std::make_unique_for_overwrite<T>();
        box_.copy_current(copy.get());
        std::forward<Change>(change)(*copy);
        box_.commit(copy.get());
    }

    template <class Predicate>
    std::optional<T> wait_within(const sync::patience& limit, Predicate& holds) {
        sync::sleeper waiting{limit};
        for (;;) {
            const std::uint32_t seen = box_.version();
            T value = read();
            if (holds(std::as_const(value))) return value;
            if (!box_.wait_for_change(seen, waiting)) return std::nullopt;
        }
    }

    shared_options<T> options_;
    sync::shared_box box_;
};

}  // namespace signet
