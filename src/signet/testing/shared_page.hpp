// SPDX-License-Identifier: Apache-2.0
// An object that a test and the processes it forks have in common. Its members say who may change
// them at the same time.
#pragma once

#include <sys/mman.h>

#include <new>

namespace signet::testing {

template <class T>
class shared_page {
public:
    shared_page()
        : object_{new(mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) T} {}
    ~shared_page() { munmap(object_, sizeof(T)); }
    shared_page(const shared_page&) = delete;
    shared_page& operator=(const shared_page&) = delete;

    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }

private:
    T* object_;
};

}  // namespace signet::testing
