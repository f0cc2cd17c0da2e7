// SPDX-License-Identifier: Apache-2.0
// What the tests of primitives have in common: a region of their own, and other processes in it,
// which are to be killed, stopped, or waited for until they sleep. A test forks them before it
// opens the region itself: until then it has one thread.
#pragma once

#include <signet/base/error.hpp>
#include <signet/sync/region.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/sleepers.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

namespace signet::testing {

using namespace std::chrono_literals;

/// A pipe for single signs between two processes.
class sign {
public:
    sign() {
        if (pipe(ends_) != 0) throw std::runtime_error{"pipe"};
    }
    ~sign() {
        close_end(0);
        close_end(1);
    }
    sign(const sign&) = delete;
    sign& operator=(const sign&) = delete;

    void give() const { static_cast<void>(!write(ends_[1], "!", 1)); }

    /// Waits for one; false where nobody is left to give it.
    bool wait() const {
        char given = 0;
        return read(ends_[0], &given, 1) == 1;
    }

    void only_gives() { close_end(0); }
    void only_waits() { close_end(1); }

private:
    void close_end(int which) {
        if (ends_[which] >= 0) close(ends_[which]);
        ends_[which] = -1;
    }

    int ends_[2];
};

/// A process that has the region open, and does something when it is told to. It may say that it
/// has come somewhere, and ends when it is killed.
class region_peer {
public:
    /// What the process says to the test.
    class say {
    public:
        explicit say(const region_peer& of) noexcept : of_{&of} {}
        void operator()() const { of_->from_.give(); }
        /// Waits until it is told to go on.
        void until_told() const { of_->to_.wait(); }

    private:
        const region_peer* of_;
    };

    using work = std::function<void(const sync::region&, const say&)>;

    region_peer(const sync::region_options& where, const work& does)
        : process_{[&]() -> int {
              from_.only_gives();
              to_.only_waits();
              const sync::region shop{"shop", where};
              does(shop, say{*this});
              wait_to_be_killed();
          }} {
        from_.only_waits();
        to_.only_gives();
    }

    /// Waits until it says so; false where it ended without.
    bool has_said() const { return from_.wait(); }
    void tell() const { to_.give(); }

    /// Waits until it has said so, and then sleeps.
    bool falls_asleep() const {
        return has_said() && eventually([&] { return is_asleep(pid()); });
    }

    void kill() { process_.kill(); }
    void stop() const {
        ::kill(pid(), SIGSTOP);
        int status = 0;
        waitpid(pid(), &status, WUNTRACED);
    }
    void resume() const { ::kill(pid(), SIGCONT); }
    int pid() const noexcept { return process_.pid(); }

private:
    sign from_;
    sign to_;
    forked_peer process_;
};

class in_region : public ::testing::Test {
protected:
    sync::region open() const { return sync::region{"shop", where_}; }

    temporary_directory place_;
    sync::region_options where_{
        .directory = place_.path(), .bytes = 1 << 18, .seats = 16, .objects = 32};
};

/// The text of the contract_violation that `tried` throws.
template <class Tried>
std::string mistake_of(Tried&& tried) {
    try {
        tried();
    } catch (const contract_violation& e) {
        return e.what();
    }
    return "no mistake";
}

}  // namespace signet::testing
