// SPDX-License-Identifier: Apache-2.0
// A page of counters that outlives whoever writes it: each role notes after each publish() how many
// have returned. The conductor reads, once the role is dead, what it had been promised. It is made
// by the conductor and handed down as descriptor 3. One writer per slot; any thread may read.
#pragma once

#include <signet/os/descriptor.hpp>
#include <signet/os/mapping.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tour {

class ledger {
public:
    static constexpr unsigned slots = 64;
    static constexpr int inherited_descriptor = 3;

    /// Throws `error`: no memory.
    ledger();

    /// The one that was handed down.
    static ledger inherited();

    /// Valid as long as this object. `slot` counts modulo `slots`.
    std::atomic<std::uint64_t>& operator[](unsigned slot) const;

    int fd() const noexcept { return memory_.get(); }

private:
    explicit ledger(signet::os::descriptor memory);

    signet::os::descriptor memory_;
    signet::os::mapping bytes_;
};

}  // namespace tour
