// SPDX-License-Identifier: Apache-2.0
// The directory of a durable queue that is not as it was written: each byte of its lanes and of its
// log another one in turn, whole pages of noise, cut short, of a version from the future. An error
// or a recovery, and never a crash or a hang; and where the log has it, it is there. With
// SIGNET_ROUNDS of a million each byte has its turn, else some of them. Nothing is synced: no
// machine stops here.
#include "options.hpp"
#include "queue_use.hpp"

#include <signet/base/error.hpp>
#include <signet/memory/queue_layout.hpp>
#include <signet/memory/region_layout.hpp>
#include <signet/os/directory.hpp>
#include <signet/os/file.hpp>
#include <signet/os/kernel.hpp>
#include <signet/pattern/queue/durable_queue.hpp>
#include <signet/pattern/queue/log_accord.hpp>
#include <signet/pattern/queue/log_format.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace signet::tests {
namespace {

using pattern::queue_core;
using testing::bytes_of;
using testing::complaint_of;
using testing::text_of;

using queue_ptr = std::shared_ptr<queue_core>;
using content = std::vector<std::byte>;
using texts = std::multiset<std::string>;

constexpr const char* lanes = "lanes";
constexpr const char* log = "log.00000001";
constexpr const char* accord = pattern::log_accord::file_name;
constexpr std::uint64_t segment_bytes = 1 << 16;

long without_sync(long number, const os::kernel_arguments& arguments) {
    if (number == SYS_fsync || number == SYS_fdatasync) return 0;
    return os::system_call(number, arguments);
}

class quick_disk {
public:
    quick_disk() : before_{os::exchange_kernel_entry(&without_sync)} {}
    ~quick_disk() { os::exchange_kernel_entry(before_); }
    quick_disk(const quick_disk&) = delete;
    quick_disk& operator=(const quick_disk&) = delete;

private:
    os::kernel_entry before_;
};

class HostileDurableQueue : public ::testing::Test {
protected:
    HostileDurableQueue() {
        const queue_ptr jobs = open();
        for (const std::size_t bytes : {3, 30, 500, 5000}) {
            for (char kind = 'a'; kind != 'c'; ++kind) pushed_.emplace(bytes, kind);
        }
        for (const std::string& text : pushed_) {
            EXPECT_EQ(jobs->try_push(bytes_of(text)), pattern::push_outcome::accepted);
        }
    }

    queue_ptr open() const {
        return pattern::open_durable_queue(path_, shape_, pattern::opening::open_or_create,
                                           segment_bytes);
    }

    content content_of(const std::string& name) const {
        const os::file file = os::file::open(path_ + '/' + name);
        content all(file.size());
        file.read_at(0, all);
        return all;
    }
    void keep() {
        for (const std::string& name : os::directory::open(path_).list()) {
            kept_[name] = content_of(name);
        }
        EXPECT_EQ(kept_.size(), 5u) << "all is in one segment";
    }
    void put_back() const {
        const os::directory in = os::directory::open(path_);
        for (const std::string& name : in.list()) {
            if (!kept_.contains(name)) in.remove(name);
        }
        for (const auto& [name, bytes] : kept_) {
            const os::file file = os::file::open_or_create({in, name});
            file.resize(bytes.size());
            file.write_at(0, bytes);
        }
    }

    void write(const std::string& name, std::uint64_t at, std::span<const std::byte> bytes) const {
        os::file::open(path_ + '/' + name).write_at(at, bytes);
    }
    void stop_machine() const { os::remove_file(path_ + '/' + accord); }

    static texts pop_all(queue_core& jobs) {
        texts all;
        for (auto one = jobs.try_pop(); one; one = jobs.try_pop()) {
            all.insert(text_of(one->payload()));
            jobs.acknowledge(std::move(*one));
        }
        return all;
    }
    /// Those that were pushed and are not among `got`.
    texts missing(const texts& got) const {
        texts left;
        std::set_difference(pushed_.begin(), pushed_.end(), got.begin(), got.end(),
                            std::inserter(left, left.end()));
        return left;
    }

    /// Of lines of which anything was ever written.
    std::vector<std::uint64_t> bytes_in_use(const std::string& name) const {
        const content& all = kept_.at(name);
        std::vector<std::uint64_t> used;
        for (std::uint64_t line = 0; line < all.size(); line += memory::line_bytes) {
            const auto begin = all.begin() + static_cast<std::ptrdiff_t>(line);
            const auto is_set = [](std::byte one) { return one != std::byte{}; };
            if (std::none_of(begin, begin + memory::line_bytes, is_set)) continue;
            for (std::uint64_t i = 0; i < memory::line_bytes; ++i) used.push_back(line + i);
        }
        return used;
    }

    /// Damages bytes in use of that file in turn, and calls `look` after each.
    template <class Look>
    void for_each_byte_another(const std::string& name, Look&& look) {
        keep();
        const int rounds = rounds_wanted();
        const std::size_t step = std::max(1, 1'000'000 / std::max(1, rounds));
        const std::uint64_t seed = seed_wanted();
        std::minstd_rand random{static_cast<unsigned>(seed)};
        const std::vector<std::uint64_t> used = bytes_in_use(name);
        for (std::size_t i = seed % step; i < used.size() && !HasFailure(); i += step) {
            const std::byte wrong = kept_.at(name)[used[i]] ^ std::byte(1 + random() % 255);
            write(name, used[i], {&wrong, 1});
            look();
            EXPECT_FALSE(HasFailure()) << "byte " << used[i] << " of " << name;
            put_back();
        }
    }

    quick_disk disk_;
    testing::temporary_directory place_;
    std::string path_ = place_.path() + "/jobs";
    pattern::queue_shape shape_{
        .bytes = 1 << 16, .message_bytes_max = 12000, .priorities = 2, .seats = 3};
    texts pushed_;
    std::map<std::string, content> kept_;
};

TEST_F(HostileDurableQueue, WorksWhicheverByteOfItsLanesIsAnother) {
    for_each_byte_another(lanes, [&] {
        EXPECT_EQ(complaint_of([&] { open(); }), "no error");
        complaint_of([&] { use(*open()); });
    });
}

TEST_F(HostileDurableQueue, HasAllThatWasPushedAfterAStopWhateverBecameOfItsLanes) {
    for_each_byte_another(lanes, [&] {
        stop_machine();
        EXPECT_EQ(pop_all(*open()), pushed_);
    });
}

TEST_F(HostileDurableQueue, IsAnErrorOrWorksWhicheverByteOfItsLogIsAnother) {
    for_each_byte_another(log, [&] {
        complaint_of([&] { EXPECT_EQ(pop_all(*open()), pushed_); });
        complaint_of([&] { use(*open()); });
    });
}

TEST_F(HostileDurableQueue, MissesAfterAStopWhatIsInTheDamagedGroupAndNothingElse) {
    for_each_byte_another(log, [&] {
        stop_machine();
        texts got = pushed_;
        complaint_of([&] { got = pop_all(*open()); });
        EXPECT_LE(missing(got).size(), 1u);
        EXPECT_EQ(got.size() + missing(got).size(), pushed_.size());
    });
}

TEST_F(HostileDurableQueue, IsAnErrorOrWorksWithPagesOfNoiseInAnyFile) {
    keep();
    std::minstd_rand random{static_cast<unsigned>(seed_wanted())};
    for (const auto& [name, bytes] : kept_) {
        for (std::uint64_t at = 0; at < bytes.size(); at += memory::page_bytes) {
            content noise(std::min<std::uint64_t>(memory::page_bytes, bytes.size() - at));
            for (std::byte& one : noise) one = std::byte(random() % 256);
            write(name, at, noise);
            complaint_of([&] { use(*open()); });
            put_back();
        }
    }
    EXPECT_EQ(pop_all(*open()), pushed_);
}

TEST_F(HostileDurableQueue, HasAllThatWasPushedWhereItsLanesAreNoise) {
    content noise(os::file::open(path_ + '/' + lanes).size());
    std::minstd_rand random{static_cast<unsigned>(seed_wanted())};
    for (std::byte& one : noise) one = std::byte(random() % 256);
    write(lanes, 0, noise);
    EXPECT_EQ(pop_all(*open()), pushed_);
}

TEST_F(HostileDurableQueue, IsAnErrorOrWorksWhereverAnyFileIsCut) {
    keep();
    for (const auto& [name, bytes] : kept_) {
        for (std::uint64_t left = 0; left < bytes.size(); left += 1000) {
            os::file::open(path_ + '/' + name).resize(left);
            complaint_of([&] { use(*open()); });
            put_back();
        }
    }
    EXPECT_EQ(pop_all(*open()), pushed_);
}

TEST_F(HostileDurableQueue, HasAllThatWasPushedWhereverItsLanesAreCut) {
    keep();
    for (std::uint64_t left = 0; left < kept_.at(lanes).size(); left += 1000) {
        os::file::open(path_ + '/' + lanes).resize(left);
        EXPECT_EQ(pop_all(*open()), pushed_) << "cut to " << left;
        put_back();
    }
}

// Versions lie behind a magic number of eight bytes.
TEST_F(HostileDurableQueue, HasAllThatWasPushedWhereItsLanesAreOfAVersionFromTheFuture) {
    keep();
    const std::byte later{9};
    for (const char* const name : {lanes, accord}) {
        write(name, 8, {&later, 1});
        EXPECT_EQ(pop_all(*open()), pushed_) << name;
        put_back();
    }
}

TEST_F(HostileDurableQueue, WhoseLogIsOfAVersionFromTheFutureIsToldSo) {
    pattern::segment_header header;
    os::file::open(path_ + '/' + log).read_at(0, std::as_writable_bytes(std::span{&header, 1}));
    header.version = 9;
    pattern::seal(header);
    write(log, 0, std::as_bytes(std::span{&header, 1}));
    keep();
    const std::string told = complaint_of([&] { open(); });
    EXPECT_NE(told.find("version"), std::string::npos) << told;
    EXPECT_EQ(content_of(log), kept_.at(log));
}

}  // namespace
}  // namespace signet::tests
