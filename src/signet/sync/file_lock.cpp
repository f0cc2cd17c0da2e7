// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/file_lock.hpp>

#include <signet/base/error.hpp>

namespace signet::sync {

void file_lock::require_unlocked() const {
    if (held_) throw contract_violation{"lock file '" + file_.path() + "': this object has it"};
}

void file_lock::take(os::lock_kind kind) {
    require_unlocked();
    held_ = os::file_lock::take(file_, kind);
}

bool file_lock::try_take(os::lock_kind kind) {
    require_unlocked();
    held_ = os::file_lock::try_take(file_, kind);
    return held_.has_value();
}

void file_lock::unlock() {
    if (!held_) throw contract_violation{"unlock file '" + file_.path() + "': it is not locked"};
    held_.reset();
}

}  // namespace signet::sync
