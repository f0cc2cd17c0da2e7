// SPDX-License-Identifier: Apache-2.0
// Watches everybody in a rendezvous directory: maps the pages in which they count, and reads them
// as often as you like. Nobody who is watched does anything for a reading; they are asked only for
// their pages, when somebody has come or gone. For monitors and exporters.
//
//     signet::observe::watch everybody{signet::life::default_rendezvous_path()};
//     everybody.refresh();
//     for (const auto& one : everybody.take().publications) report(one.of.topic, one.published);
//
// What others wrote is bounded, and memory is mapped only where they cannot take it away again: one
// that lies or dies does not disturb its watcher. One thread at a time.
#pragma once

#include <signet/observe/inspect.hpp>
#include <signet/observe/reading.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace signet::observe {

class watch {
public:
    /// Looks at nothing yet.
    explicit watch(std::string directory);
    watch(watch&&) noexcept;
    watch& operator=(watch&&) noexcept;
    ~watch();

    /// Asks everybody for his pages. Waits at most for `limit` for those who do not answer; what
    /// is known of them, such as of a stopped process, stays. Throws `error`: a directory that
    /// cannot be used.
    void refresh(std::chrono::milliseconds limit = answer_limit);

    /// The same where names have come or gone since, or the last time is `period` ago. Returns
    /// whether it did.
    bool refresh_if_due(std::chrono::nanoseconds period = std::chrono::seconds{2});

    /// Reads every counter, without a system call. Rates are left at 0: see `add_rates`.
    reading take() const;

    /// Who was there at the last refresh.
    const snapshot& seen() const noexcept;

private:
    class state;
    std::unique_ptr<state> state_;
};

}  // namespace signet::observe
