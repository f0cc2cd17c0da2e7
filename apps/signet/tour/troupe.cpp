// SPDX-License-Identifier: Apache-2.0
#include <tour/troupe.hpp>

#include <signet/os/memfd.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <utility>
#include <vector>

namespace tour {

using signet::os::child;
using signet::os::exit_status;

troupe::troupe(std::string tour, std::string files)
    : tour_{std::move(tour)},
      files_{std::move(files)},
      program_{std::filesystem::read_symlink("/proc/self/exe").native()},
      complaints_{signet::os::create_memfd("tour-complaints", 0)} {}

void troupe::start(role_id role, std::uint64_t first_file) {
    member& one = at(role);
    one.slot = next_slot_++;
    ledger_[one.slot].store(0, std::memory_order_relaxed);  // nobody has it yet
    const std::vector<std::string> command{program_,
                                           "tour-role",
                                           std::string{name_of(role)},
                                           "--tour",
                                           tour_,
                                           "--conductor",
                                           std::to_string(::getpid()),
                                           "--slot",
                                           std::to_string(one.slot),
                                           "--files",
                                           files_,
                                           "--first",
                                           std::to_string(first_file)};
    const signet::os::descriptor nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
    one.process = child::spawn(command, {.kept_descriptors = {ledger_.fd()},
                                         .standard_input = nothing.get(),
                                         .standard_output = nothing.get(),
                                         .standard_error = complaints_.get()});
}

int troupe::pid(role_id role) const {
    return at(role).process ? at(role).process->pid() : 0;
}

int troupe::fd(role_id role) {
    return at(role).process ? at(role).process->handle().fd() : -1;
}

void troupe::signal(role_id role, int number) {
    if (at(role).process) at(role).process->handle().send_signal(number);
}

bool troupe::running(role_id role) {
    return at(role).process && at(role).process->handle().running();
}

std::optional<exit_status> troupe::take_end(role_id role) {
    member& one = at(role);
    if (!one.process) return std::nullopt;
    const auto status = one.process->handle().wait(signet::deadline::min());
    if (status) one.process.reset();
    return status;
}

std::uint64_t troupe::promised(role_id role) const {
    // relaxed: the writer is dead, which the kernel told us after its last store
    return ledger_[at(role).slot].load(std::memory_order_relaxed);
}

std::string troupe::last_complaint() const {
    const off_t end = ::lseek(complaints_.get(), 0, SEEK_END);
    std::string text(512, '\0');
    const off_t from = std::max<off_t>(0, end - static_cast<off_t>(text.size()));
    const ssize_t got = ::pread(complaints_.get(), text.data(), text.size(), from);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    while (text.ends_with('\n')) text.pop_back();
    const auto line = text.rfind('\n');
    return line == std::string::npos ? text : text.substr(line + 1);
}

}  // namespace tour
