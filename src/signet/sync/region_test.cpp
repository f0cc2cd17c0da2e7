// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/region.hpp>

#include <signet/base/crc32c.hpp>
#include <signet/sync/event.hpp>
#include <signet/sync/mutex.hpp>
#include <signet/sync/region_core.hpp>
#include <signet/sync/semaphore.hpp>
#include <signet/testing/circumstances.hpp>
#include <signet/testing/in_region.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <sys/syscall.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace signet::sync {
namespace {

using testing::complaint_of;
using testing::in_region;
using testing::region_peer;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

class Region : public in_region {
protected:
    std::string path(const std::string& name) const { return place_.path() + "/" + name; }
    std::string file_of_shop() const { return place_.path() + "/regions/shop"; }

    void write_at(const std::string& file, std::uint64_t position, std::uint64_t word) const {
        os::file::open(file).write_at(position, std::as_bytes(std::span{&word, 1}));
    }
};

TEST_F(Region, IsMadeByWhoComesFirst) {
    const region first = open();
    const region second = open();
    EXPECT_EQ(second.account().bytes, where_.bytes);
    EXPECT_EQ(second.name(), "shop");
    EXPECT_TRUE(complaint_of([&] { region::create("shop", where_); }) != "no error");
}

TEST_F(Region, IsMadeAnewAfterItsNameWasRemoved) {
    const region first = open();
    EXPECT_TRUE(region::remove("shop", where_));
    EXPECT_FALSE(region::remove("shop", where_));
    EXPECT_THROW(region::open("shop", where_), error);
    const region second = open();
    semaphore{first, "items", 3};
    EXPECT_EQ(semaphore(second, "items", 5).permits(), 5U);
}

TEST_F(Region, MayBeAFileAnywhere) {
    const region first = region::create_file(path("a"), where_);
    const region second = region::open_file(path("a"));
    semaphore{first, "items", 3};
    EXPECT_EQ(semaphore(second, "items", 0).permits(), 3U);
    EXPECT_THROW(region::create_file(path("a"), where_), error);
}

TEST_F(Region, WithoutANameIsHandedOver) {
    const region first = region::create_anonymous(where_);
    const region second = region::open_descriptor(first.fd());
    semaphore{first, "items", 3};
    EXPECT_EQ(semaphore(second, "items", 0).permits(), 3U);
    EXPECT_THROW(region::open_descriptor(-1), error);
}

TEST_F(Region, KnowsWhereEveryByteIs) {
    const region shop = open();
    const region_account before = shop.account();
    mutex{shop, "till"};
    const region_account after = shop.account();
    EXPECT_EQ(after.used_blocks, before.used_blocks + 1);
    EXPECT_EQ(after.table_bytes + after.used_bytes + after.free_bytes, where_.bytes);
}

// ---- seats --------------------------------------------------------------------------------------

constexpr std::uint32_t many = 200;

TEST_F(Region, HasAsManySeatsAsItSays) {
    where_.seats = many;
    std::vector<region> all;
    for (std::uint32_t i = 0; i < many; ++i) all.push_back(open());
    EXPECT_TRUE(contains(complaint_of([&] { open(); }),
                         "limit reached; all 200 seats are taken, one for each process that has "
                         "it open; create it with more"));
    all.pop_back();
    all.push_back(open());
    EXPECT_THROW(open(), error);
}

TEST_F(Region, GivesTheSeatsOfTheDeadOutAgain) {
    where_.seats = many;
    std::vector<std::unique_ptr<region_peer>> all;
    for (std::uint32_t i = 0; i < many; ++i) {
        all.push_back(std::make_unique<region_peer>(
            where_, [i](const region& shop, const region_peer::say& says) {
                mutex till{shop, "till"};
                if (i == 0) till.lock();
                says();
            }));
        ASSERT_TRUE(all.back()->has_said());
    }
    EXPECT_THROW(open(), error);
    all.clear();
    const region shop = open();
    mutex till{shop, "till"};
    EXPECT_TRUE(till.lock_inherited());
    till.unlock();
}

TEST_F(Region, RefusesAForkedChildWhichOpensItAnew) {
    const region shop = open();
    const int code = testing::exit_code_of_forked([&] {
        const bool used = complaint_of([&] { shop.account(); }) != "no error";
        const bool handed = complaint_of([&] { shop.fd(); }) != "no error";
        const bool made = complaint_of([&] { mutex(shop, "till"); }) != "no error";
        return used && handed && made && shop.name() == "shop" ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

// ---- what is refused ----------------------------------------------------------------------------

TEST_F(Region, IsRefusedWithImpossibleOptions) {
    for (const region_options& wrong :
         {region_options{.seats = 0}, region_options{.seats = 511}, region_options{.objects = 0},
          region_options{.objects = 65537}, region_options{.bytes = 4096},
          region_options{.bytes = 0}}) {
        EXPECT_TRUE(contains(complaint_of([&] { region::create_file(path("a"), wrong); }),
                             "it has 1 to 510 seats, 1 to 65536 objects"));
    }
    EXPECT_THROW(region::create_anonymous({.seats = 0}), error);
}

TEST_F(Region, OfTheLeastSizeThatIsNamedWorks) {
    const region_options small{.bytes = 20480, .seats = 1, .objects = 1};
    const std::string told = complaint_of(
        [&] { region::create_file(path("a"), {.bytes = 1, .seats = 1, .objects = 1}); });
    EXPECT_TRUE(contains(told, "at least 20480 bytes")) << told;
    mutex{region::create_file(path("a"), small), "till"};
}

TEST_F(Region, OfAnotherLayoutOrNoRegionIsRefused) {
    static_cast<void>(open());
    write_at(file_of_shop(), 8, 9);
    EXPECT_TRUE(contains(complaint_of([&] { open(); }), "it has layout 9, this program knows 1"));
    write_at(file_of_shop(), 0, 0);
    EXPECT_TRUE(contains(complaint_of([&] { open(); }), "damaged; it is no region"));
    os::file::open(file_of_shop()).resize(100);
    EXPECT_TRUE(contains(complaint_of([&] { open(); }), "too short to be a region"));
    EXPECT_THROW(region::open_file("/dev/null"), error);
}

TEST_F(Region, WithoutRightsIsRefused) {
    static_cast<void>(open());
    const std::string file = file_of_shop();
    const int code = testing::exit_code_as_nobody([&] {
        return contains(complaint_of([&] { region::open_file(file); }), "Permission denied") ? 0
                                                                                             : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(Region, OnAFullFileSystemIsRefusedAndLeavesNothing) {
    const int code = testing::exit_code_in_small_tmpfs(place_.path(), 64 * 1024, [&] {
        const std::string told = complaint_of([&] { region::create_file(path("a"), where_); });
        return contains(told, "No space left") && !std::filesystem::exists(path("a")) ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(Region, HasNoRoomForMoreThanItHolds) {
    where_.objects = 2;
    const region shop = open();
    mutex{shop, "one"};
    EXPECT_TRUE(contains(complaint_of([&] { permit_pool(shop, "large", 4096); }), "no error"));
    EXPECT_TRUE(contains(complaint_of([&] { mutex(shop, "three"); }),
                         "it holds as many as it may; create it with more objects"));
    const auto fill = [&] {
        while (true) shop.core()->allocate(5000, 16, 1);
    };
    EXPECT_TRUE(contains(complaint_of(fill), "create the region with more bytes"));
}

TEST_F(Region, HasOneKindOfObjectForAName) {
    const region shop = open();
    mutex{shop, "till"};
    EXPECT_EQ(
        complaint_of([&] { event(shop, "till"); }),
        "cannot use an event of region 'shop' 'till': incompatible type; it is a mutex; choose "
        "another name");
    EXPECT_THROW(mutex(shop, ""), error);
    EXPECT_THROW(mutex(shop, std::string(201, 'x')), error);
}

TEST_F(Region, MakesObjectsWithTheLongestNamesInAnyHeap) {
    where_.objects = 300;
    const region shop = open();
    std::minstd_rand random{5};
    std::vector<std::byte*> blocks;
    for (int i = 0; i < 300; ++i) {
        for (int j = 0; j < 8; ++j) {
            blocks.push_back(shop.core()->allocate(16 * (random() % 16), 16, 1));
            std::swap(blocks[random() % blocks.size()], blocks.back());
            if (blocks.size() < 400) continue;
            shop.core()->release(blocks.back());
            blocks.pop_back();
        }
        std::string name = std::to_string(i);
        name.resize(200, 'x');
        event(shop, name, event_reset::automatic);
    }
    EXPECT_EQ(shop.core()->objects().size(), 300U);
}

// ---- damage -------------------------------------------------------------------------------------

TEST_F(Region, MakesNoSecondObjectOfANameWhoseEntryIsDamaged) {
    const region shop = open();
    mutex till{shop, "till"};
    write_at(file_of_shop(), shop.core()->shape().objects_offset() + 8, 12345);
    EXPECT_TRUE(contains(complaint_of([&] { mutex(shop, "till"); }),
                         "entry 0 of the directory is damaged, and may be its"));
}

TEST_F(Region, WithAForgedEntryDoesNotLeaveItsMemory) {
    const region shop = open();
    const memory::region_geometry& shape = shop.core()->shape();
    std::uint64_t entry[30]{0, shape.bytes - 64, 64, 1, 1, 'a'};
    const auto kind = static_cast<std::uint64_t>(memory::object_kind::permit_pool);
    const auto words = std::span{entry}.subspan(1);
    entry[0] =
        std::uint64_t{crc32c(std::as_bytes(words), crc32c(std::as_bytes(std::span{&kind, 1})))}
            << 32 |
        kind;
    os::file::open(file_of_shop())
        .write_at(shape.objects_offset(), std::as_bytes(std::span{entry}));
    static_cast<void>(open());  // whose end is swept
    EXPECT_TRUE(shop.core()->objects().empty());
}

TEST_F(Region, HealsTheWordsOfItsSeats) {
    const region shop = open();
    const auto& seats = shop.core()->seats().seats();
    for (const std::uint32_t damage : {3u, 1u << 30 | 1u, 1u << 30 | 2u, ~0u}) {
        seats[5].word.store(damage, std::memory_order_relaxed);
        static_cast<void>(open());  // wakes the watches
        EXPECT_TRUE(testing::eventually([&] {
            return (seats[5].word.load(std::memory_order_relaxed) & ~0x7ffffcu) == 0;
        })) << damage;
    }
}

// ---- each call fails ----------------------------------------------------------------------------

// But for futex calls, which fail in no kernel for a word that is mapped.
constexpr long calls_of_opening[]{SYS_openat,  SYS_fstat,  SYS_newfstatat, SYS_fallocate,
                                  SYS_fchmod,  SYS_linkat, SYS_mmap,       SYS_madvise,
                                  SYS_mkdirat, SYS_fcntl,  SYS_ftruncate,  SYS_memfd_create};

void fail_each(long number, const std::function<void()>& use) {
    for (int nth = 1;; ++nth) {
        const int before = testing::open_descriptors();
        testing::scripted_kernel script;
        script.fail(number, EIO, nth);
        complaint_of(use);
        EXPECT_EQ(testing::open_descriptors(), before) << "call " << nth << " of " << number;
        if (script.calls(number) < nth) return;
    }
}

TEST_F(Region, LeavesNoDescriptorWhereACallFails) {
    const auto use = [&] {
        region::remove("shop", where_);
        const region shop = open();
        mutex{region::open_descriptor(shop.fd()), "till"};
        region::create_anonymous(where_);
    };
    use();
    for (const long number : calls_of_opening) fail_each(number, use);
    use();
}

os::kernel_entry below;

long without_locks(long number, const os::kernel_arguments& arguments) {
    return number == SYS_fcntl ? -ENOLCK : below(number, arguments);
}

TEST_F(Region, WhoseSeatCannotBeTakenIsAnError) {
    const int before = testing::open_descriptors();
    below = os::exchange_kernel_entry(&without_locks);
    const std::string told = complaint_of([&] { open(); });
    os::exchange_kernel_entry(below);
    EXPECT_TRUE(contains(told, "the system has no lock left")) << told;
    EXPECT_EQ(testing::open_descriptors(), before);
}

}  // namespace
}  // namespace signet::sync
