// SPDX-License-Identifier: Apache-2.0
#include <signet/os/replace_file.hpp>

#include <signet/base/error.hpp>
#include <signet/os/file_lock.hpp>
#include <signet/os/kernel.hpp>

#include <sys/syscall.h>

#include <optional>
#include <string>
#include <utility>

namespace signet::os {
namespace {

constexpr int replacers_max = 64;

/// A file under a name of its own beside the one to be replaced. Who holds its lock is at work on
/// it; one that nobody holds was left by a process that died.
class temporary_file {
public:
    /// No value where the name is in use.
    static std::optional<temporary_file> try_create(const file_place& place, unsigned mode);

    temporary_file(temporary_file&& other) noexcept
        : place_{std::move(other.place_)},
          content_{std::move(other.content_)},
          lock_{std::move(other.lock_)},
          named_{std::exchange(other.named_, false)} {}
    temporary_file& operator=(temporary_file&&) = delete;
    ~temporary_file() {
        if (named_) call(SYS_unlinkat, place_.base(), place_.name().c_str(), 0);
    }

    const file& content() const { return content_; }

    void rename_to(const file_place& place) && {
        const long result = call(SYS_renameat2, place_.base(), place_.name().c_str(), place.base(),
                                 place.name().c_str(), 0);
        check(result, "replace", place.path());
        named_ = false;
    }

private:
    temporary_file(file_place place, file content, file_lock lock)
        : place_{std::move(place)}, content_{std::move(content)}, lock_{std::move(lock)} {}

    file_place place_;
    file content_;
    file_lock lock_;
    bool named_ = true;
};

std::optional<temporary_file> temporary_file::try_create(const file_place& place, unsigned mode) {
    std::optional<file> made = file::try_create(place, mode);
    if (!made) return std::nullopt;
    // Until it is locked somebody may take it for left, and remove it.
    std::optional<file_lock> lock = file_lock::try_take(*made, lock_kind::exclusive);
    if (!lock || !made->is_at(place)) return std::nullopt;
    return temporary_file{place, std::move(*made), std::move(*lock)};
}

void remove_if_left(const file_place& place) {
    const std::optional<file> met = file::try_open(place);
    if (!met) return;
    const auto lock = file_lock::try_take(*met, lock_kind::exclusive);
    if (lock && met->is_at(place)) remove_file(place);
}

temporary_file create_beside(const file_place& place, unsigned mode) {
    const std::string stem = '.' + std::string{place.last_name()} + '.';
    for (int number = 0; number < replacers_max; ++number) {
        const file_place beside = place.beside(stem + std::to_string(number) + ".new");
        for (int tries = 0; tries < 2; ++tries) {
            if (auto made = temporary_file::try_create(beside, mode)) return std::move(*made);
            remove_if_left(beside);
        }
    }
    throw error{errc::limit_reached, "replace", place.path(),
                std::to_string(replacers_max) + " processes are replacing it at once"};
}

}  // namespace

void replace_file(const file_place& place, std::span<const std::byte> content, durability wanted,
                  unsigned mode) {
    temporary_file fresh = create_beside(place, mode);
    fresh.content().write_at(0, content);
    if (wanted == durability::host_crash) fresh.content().sync();
    std::move(fresh).rename_to(place);
    if (wanted == durability::host_crash) sync_name(place);
}

}  // namespace signet::os
