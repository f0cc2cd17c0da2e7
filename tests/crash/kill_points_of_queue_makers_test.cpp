// SPDX-License-Identifier: Apache-2.0
// Who makes a queue is killed before each step of it: a queue with a name, a mailbox, one on a
// disk. The next to open it succeeds, whatever shape he asks for, and what was there before is
// there.
#include "../actors/actor.hpp"
#include "kill_point.hpp"
#include "last_words.hpp"
#include "sweep.hpp"

#include <signet/base/error.hpp>
#include <signet/os/file.hpp>
#include <signet/pattern/queue/durable_queue.hpp>
#include <signet/pattern/queue/log_accord.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace signet::tests {
namespace {

using pattern::queue_core;
using pattern::queue_shape;
using testing::bytes_of;
using testing::complaint_of;
using testing::text_of;

using queue_ptr = std::shared_ptr<queue_core>;

/// Nobody has it open meanwhile: what survives is what lies there.
class maker_survivors {
public:
    void watch_victim() const { watch_steps({}); }
    void begin() { prepare(); }
    void pump() noexcept {}
    void wake_sleepers() {}
    void settle(pid_t, bool) {}
    void check(pid_t, bool) { expect(); }
    std::string summary() const { return {}; }

    std::function<void()> prepare{};
    std::function<void()> expect{};
};

std::string pop(queue_core& from) {
    auto one = from.try_pop();
    if (!one) return "nothing";
    std::string text = text_of(one->payload());
    from.acknowledge(std::move(*one));
    return text;
}

void expect_it_works(queue_core& from, queue_core& to) {
    EXPECT_EQ(from.try_push(bytes_of("new")), pattern::push_outcome::accepted);
    EXPECT_EQ(pop(to), "new");
    EXPECT_EQ(pop(to), "nothing");
}

class KillPointsOfMakers : public ::testing::Test {
protected:
    static std::function<void(int)> killed_in(std::function<void()> make) {
        return [make = std::move(make)](int k) {
            die_before_step_of_any(k);
            make();
            _exit(0);
        };
    }

    own_rendezvous place_;
    pattern::queue_place where_ = pattern::queue_place::named("swept");
    queue_shape shape_{.bytes = 96 * 1024, .message_bytes_max = 4000, .seats = 3};
    queue_shape other_{.bytes = 256 * 1024, .message_bytes_max = 2000, .seats = 4};
    kill_sweep<maker_survivors> swept_;
};

TEST_F(KillPointsOfMakers, OfAQueueWithAName) {
    swept_.rest().prepare = [this] { queue_core::remove(where_); };
    swept_.rest().expect = [this] {
        const std::string told = complaint_of([&] { queue_core::open(where_, other_); });
        EXPECT_TRUE(told == "no error" || told.find("No such file") != std::string::npos) << told;
        const queue_ptr next = queue_core::open_or_create(where_, other_);
        expect_it_works(*next, *next);
    };
    swept_.run({killed_in([this] {
                   const queue_ptr made = queue_core::open_or_create(where_, shape_);
                   _exit(0);
               })},
               {"fallocate", "linkat", "lock of a byte", "store directory"});
}

class KillPointsOfMailboxMakers : public KillPointsOfMakers {
protected:
    KillPointsOfMailboxMakers() {
        shape_.readers = pattern::queue_readers::one;
        other_.readers = pattern::queue_readers::one;
        swept_.rest().expect = [this] {
            const queue_ptr next = queue_core::open_or_create(where_, other_);
            EXPECT_EQ(next->shape().seats, other_.seats);
            expect_it_works(*queue_core::open(where_, {}), *next);
        };
    }

    /// Makes it, and dies with it.
    void make() const {
        const queue_ptr made = queue_core::open_or_create(where_, shape_);
        made->try_push(bytes_of("of the dead"));
        _exit(0);
    }
};

TEST_F(KillPointsOfMailboxMakers, OfTheFirst) {
    swept_.rest().prepare = [this] { queue_core::remove(where_); };
    swept_.run({killed_in([this] { make(); })}, {"fallocate", "linkat", "lock of a byte"});
}

TEST_F(KillPointsOfMailboxMakers, OfOneAfterAReaderWhoIsDead) {
    swept_.rest().prepare = [this] {
        queue_core::remove(where_);
        const pid_t pid = fork_mortal();
        if (pid == 0) make();
        int status = 0;
        waitpid(pid, &status, 0);
    };
    swept_.run({killed_in([this] { make(); })}, {"unlinkat", "linkat", "lock of a byte"});
}

class KillPointsOfDurableMakers : public KillPointsOfMakers {
protected:
    queue_ptr open(const queue_shape& shape) const {
        return pattern::open_durable_queue(path_, shape, pattern::opening::open_or_create,
                                           std::uint64_t{1} << 16);
    }
    std::function<void(int)> killed_while_opening() const {
        return killed_in([this] {
            const queue_ptr made = open(shape_);
            _exit(0);
        });
    }

    std::string path_ = place_.path() + "/jobs";
};

TEST_F(KillPointsOfDurableMakers, OfTheFirst) {
    swept_.rest().prepare = [this] { std::filesystem::remove_all(path_); };
    swept_.rest().expect = [this] {
        const queue_ptr next = open(other_);
        expect_it_works(*next, *next);
    };
    swept_.run({killed_while_opening()}, {"fallocate", "linkat", "lock of a byte"});
}

TEST_F(KillPointsOfDurableMakers, OfOneAfterAStopOfTheMachine) {
    swept_.rest().prepare = [this] {
        std::filesystem::remove_all(path_);
        open(shape_)->try_push(bytes_of("before"));
        os::remove_file(path_ + "/" + pattern::log_accord::file_name);
    };
    swept_.rest().expect = [this] {
        const queue_ptr next = open(other_);
        EXPECT_EQ(pop(*next), "before");
        expect_it_works(*next, *next);
    };
    swept_.run({killed_while_opening()}, {"unlinkat", "linkat", "lock of a byte"});
}

}  // namespace
}  // namespace signet::tests
