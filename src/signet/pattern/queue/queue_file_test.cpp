// SPDX-License-Identifier: Apache-2.0
// Not for the thread sanitizer: that a name stands for a file that is whole orders its makers and
// those who map it, and the kernel's order is none that it knows.
#include <signet/pattern/queue/queue_file.hpp>

#include <signet/pattern/queue/queue_core.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace signet::pattern {
namespace {

using testing::bytes_of;

TEST(QueueFile, ThoseWhoMakeItAtOnceGetTheSameOneWhateverTheyAskedFor) {
    const testing::temporary_directory place;
    const queue_place where = queue_place::named("jobs", place.path());
    for (int round = 0; round < 20; ++round) {
        std::vector<std::shared_ptr<queue_core>> got(4);
        std::vector<std::thread> makers;
        for (std::uint32_t i = 0; i < got.size(); ++i) {
            makers.emplace_back([i, &where, &got] {
                const queue_shape wanted{.bytes = std::uint64_t{1 << 18} << i, .seats = 8 + i};
                EXPECT_NO_THROW(got[i] = queue_core::open_or_create(where, wanted));
            });
        }
        for (std::thread& maker : makers) maker.join();
        for (const auto& one : got) {
            ASSERT_TRUE(one && one->try_push(bytes_of("text")) == push_outcome::accepted);
        }
        EXPECT_EQ(got[0]->account().length, got.size());
        queue_core::remove(where);
    }
}

}  // namespace
}  // namespace signet::pattern
