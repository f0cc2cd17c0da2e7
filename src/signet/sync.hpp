// SPDX-License-Identifier: Apache-2.0
// What processes coordinate by: locks and other primitives that live in a region and survive
// whoever holds them. Each header below tells what its class promises.
#pragma once

#include <signet/region.hpp>
#include <signet/sync/barrier.hpp>
#include <signet/sync/condition_variable.hpp>
#include <signet/sync/event.hpp>
#include <signet/sync/file_lock.hpp>
#include <signet/sync/mutex.hpp>
#include <signet/sync/once_flag.hpp>
#include <signet/sync/recursive_mutex.hpp>
#include <signet/sync/semaphore.hpp>
#include <signet/sync/shared_mutex.hpp>
#include <signet/sync/spin_lock.hpp>

namespace signet {

using life::wait_mode;
using sync::barrier;
using sync::condition_variable;
using sync::event;
using sync::event_reset;
using sync::file_lock;
using sync::latch;
using sync::latch_role;
using sync::lock_priority;
using sync::mutex;
using sync::mutex_options;
using sync::once_flag;
using sync::permit_pool;
using sync::recursive_mutex;
using sync::semaphore;
using sync::shared_mutex;
using sync::spin_lock;

}  // namespace signet
