// SPDX-License-Identifier: Apache-2.0
// What the C library has for processes that share memory. Each lies in memory that is shared by the
// processes that use it, is made before they are forked, and throws std::runtime_error where it
// cannot be made. Any thread of any of them.
#pragma once

#include <pthread.h>
#include <semaphore.h>

#include <cerrno>
#include <stdexcept>

namespace signet::command {

inline void require_made(int status) {
    if (status != 0) throw std::runtime_error{"a rival could not be made"};
}

/// A mutex that tells of its holder's death.
class robust_mutex {
public:
    robust_mutex() {
        pthread_mutexattr_t how;
        require_made(pthread_mutexattr_init(&how));
        require_made(pthread_mutexattr_setpshared(&how, PTHREAD_PROCESS_SHARED));
        require_made(pthread_mutexattr_setrobust(&how, PTHREAD_MUTEX_ROBUST));
        require_made(pthread_mutex_init(&mutex_, &how));
    }
    void lock() noexcept {
        if (pthread_mutex_lock(&mutex_) == EOWNERDEAD) pthread_mutex_consistent(&mutex_);
    }
    void unlock() noexcept { pthread_mutex_unlock(&mutex_); }

private:
    pthread_mutex_t mutex_;
};

class shared_rwlock {
public:
    shared_rwlock() {
        pthread_rwlockattr_t how;
        require_made(pthread_rwlockattr_init(&how));
        require_made(pthread_rwlockattr_setpshared(&how, PTHREAD_PROCESS_SHARED));
        require_made(pthread_rwlock_init(&lock_, &how));
    }
    void lock_shared() noexcept { pthread_rwlock_rdlock(&lock_); }
    void unlock_shared() noexcept { pthread_rwlock_unlock(&lock_); }

private:
    pthread_rwlock_t lock_;
};

class shared_semaphore {
public:
    shared_semaphore() { require_made(sem_init(&semaphore_, 1, 1)); }
    void acquire() noexcept { sem_wait(&semaphore_); }
    void release() noexcept { sem_post(&semaphore_); }

private:
    sem_t semaphore_;
};

}  // namespace signet::command
