// SPDX-License-Identifier: Apache-2.0
// A queue's file that is not as it was written: each byte another one in turn, whole pages of
// noise, cut short, of a version from the future. An error or proper work, and never a crash or a
// hang. SIGNET_ROUNDS, divided by a million, says how many values each byte is given.
#include "options.hpp"
#include "queue_use.hpp"

#include <signet/base/error.hpp>
#include <signet/memory/queue_layout.hpp>
#include <signet/memory/region_layout.hpp>
#include <signet/os/file.hpp>
#include <signet/pattern/queue/queue_core.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;
using pattern::queue_core;
using pattern::queue_terms;
using testing::complaint_of;

using queue_ptr = std::shared_ptr<queue_core>;

class HostileQueueFile : public ::testing::Test {
protected:
    queue_ptr open() const { return queue_core::open_or_create(where_, shape_); }

    std::vector<std::byte> made() const {
        fill(*open());
        return content();
    }
    std::vector<std::byte> content() const {
        const os::file file = os::file::open(path_);
        std::vector<std::byte> all(file.size());
        file.read_at(0, all);
        return all;
    }
    void write(std::uint64_t at, std::span<const std::byte> bytes) const {
        os::file::open(path_).write_at(at, bytes);
    }

    /// Of lines of which anything was ever written.
    static std::vector<std::uint64_t> bytes_in_use(const std::vector<std::byte>& pristine) {
        std::vector<std::uint64_t> all;
        for (std::uint64_t line = 0; line < pristine.size(); line += memory::line_bytes) {
            const auto begin = pristine.begin() + static_cast<std::ptrdiff_t>(line);
            const auto is_set = [](std::byte one) { return one != std::byte{}; };
            if (std::none_of(begin, begin + memory::line_bytes, is_set)) continue;
            for (std::uint64_t i = 0; i < memory::line_bytes; ++i) all.push_back(line + i);
        }
        return all;
    }

    static std::uint64_t place_of(const std::vector<std::byte>& in, std::uint64_t magic) {
        const auto* const begin = reinterpret_cast<const std::byte*>(&magic);
        const auto found = std::search(in.begin(), in.end(), begin, begin + sizeof magic);
        EXPECT_NE(found, in.end());
        return static_cast<std::uint64_t>(found - in.begin());
    }

    testing::temporary_directory place_;
    std::string path_ = place_.path() + "/jobs";
    pattern::queue_place where_ = pattern::queue_place::at(path_);
    pattern::queue_shape shape_{.bytes = 1 << 16,
                                .message_bytes_max = 12000,
                                .priorities = 2,
                                .seats = 3,
                                .deliveries_max = 3,
                                .id_window = 1h,
                                .expired = pattern::expired_messages::kept_as_dead_letters};
};

TEST_F(HostileQueueFile, IsAnErrorOrWorksWhicheverByteIsAnother) {
    const std::vector<std::byte> pristine = made();
    const int values = std::max(1, rounds_wanted() / 1'000'000);
    std::minstd_rand random{static_cast<unsigned>(seed_wanted(values))};
    for (const std::uint64_t at : bytes_in_use(pristine)) {
        for (int i = 0; i < values; ++i) {
            const std::byte wrong = pristine[at] ^ std::byte(1 + random() % 255);
            write(at, {&wrong, 1});
            complaint_of([&] { use(*open()); });
            write(0, pristine);
        }
    }
    use(*open());
}

TEST_F(HostileQueueFile, IsAnErrorOrWorksForWhoHasItOpenMeanwhile) {
    const queue_ptr resident = open();
    fill(*resident);
    const std::vector<std::byte> pristine = content();
    std::minstd_rand random{static_cast<unsigned>(seed_wanted())};
    for (const std::uint64_t at : bytes_in_use(pristine)) {
        const auto wrong = std::byte(random() % 256);
        write(at, {&wrong, 1});
        use(*resident);
        write(0, pristine);
    }
    use(*resident);
}

TEST_F(HostileQueueFile, IsAnErrorOrWorksWithPagesOfNoise) {
    const std::vector<std::byte> pristine = made();
    std::minstd_rand random{static_cast<unsigned>(seed_wanted())};
    for (std::uint64_t at = 0; at < pristine.size(); at += memory::page_bytes) {
        std::vector<std::byte> noise(memory::page_bytes);
        for (std::byte& one : noise) one = std::byte(random() % 256);
        write(at, std::span{noise}.first(std::min(noise.size(), pristine.size() - at)));
        complaint_of([&] { use(*open()); });
        write(0, pristine);
    }
    use(*open());
}

TEST_F(HostileQueueFile, IsAnErrorWhereverItIsCut) {
    const std::vector<std::byte> pristine = made();
    for (std::uint64_t bytes = 0; bytes < pristine.size(); bytes += 1000) {
        os::file::open(path_).resize(bytes);
        EXPECT_NE(complaint_of([&] { use(*open()); }), "no error") << "cut to " << bytes;
        os::file::open(path_).resize(pristine.size());
        write(0, pristine);
    }
    use(*open());
}

TEST_F(HostileQueueFile, OfAVersionFromTheFutureIsToldSo) {
    const std::vector<std::byte> pristine = made();
    for (const std::uint64_t magic : {memory::region_magic, memory::queue_magic}) {
        const std::uint64_t version = place_of(pristine, magic) + sizeof magic;
        const std::byte later{9};
        write(version, {&later, 1});
        try {
            open();
            ADD_FAILURE() << "it was opened";
        } catch (const error& told) {
            EXPECT_EQ(told.code(), errc::incompatible_version) << told.what();
        }
        write(0, pristine);
    }
}

}  // namespace
}  // namespace signet::tests
