// SPDX-License-Identifier: Apache-2.0
#include <signet/os/limits.hpp>

#include <signet/os/directory.hpp>
#include <signet/os/kernel.hpp>

#include <sys/resource.h>
#include <sys/syscall.h>

#include <cerrno>

namespace signet::os {
namespace {

rlimit exchange_limit(const rlimit* wanted) {
    rlimit before{};
    const long result = call(SYS_prlimit64, 0, RLIMIT_NOFILE, wanted, &before);
    check(result,
          wanted == nullptr ? "ask for the limit of open files" : "raise the limit of open files");
    return before;
}

std::uint64_t count_descriptors() {
    // the list itself holds two: the directory, and the one it is read through
    return directory::open("/proc/self/fd").list().size() - 2;
}

}  // namespace

descriptor_limits current_descriptor_limits() {
    const rlimit limit = exchange_limit(nullptr);
    return {.soft = limit.rlim_cur, .hard = limit.rlim_max, .used = count_descriptors()};
}

std::uint64_t raise_descriptor_limit() {
    rlimit limit = exchange_limit(nullptr);
    limit.rlim_cur = limit.rlim_max;
    exchange_limit(&limit);
    return limit.rlim_cur;
}

bool is_out_of_descriptors(const std::error_code& code) {
    const bool from_kernel =
        code.category() == std::system_category() || code.category() == std::generic_category();
    const int number = code.value();
    return from_kernel && (number == EMFILE || number == ENFILE || number == ETOOMANYREFS);
}

}  // namespace signet::os
