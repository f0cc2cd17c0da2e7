// SPDX-License-Identifier: Apache-2.0
#include <signet/os/unix_address.hpp>

#include <signet/base/error.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::temporary_directory;

TEST(UnixAddress, ItNamesTheDirectoryByItsDescriptor) {
    const temporary_directory root;
    const directory place = directory::open(root.path());
    const unix_address address{place, "name"};
    sockaddr_un found{};
    std::memcpy(&found, address.data(), address.size());
    EXPECT_EQ(found.sun_path, "/proc/self/fd/" + std::to_string(place.fd()) + "/name");
}

TEST(UnixAddress, ANameOfEightyFiveBytesFitsAndALongOneIsAnError) {
    const directory place = directory::open("/dev/shm");
    EXPECT_NO_THROW((unix_address{place, std::string(85, 'x')}));
    EXPECT_EQ(complaint_of([&] { unix_address(place, std::string(100, 'x')); }),
              "cannot name a socket '/dev/shm/" + std::string(100, 'x') +
                  "': File name too long; a socket's name has at most 85 bytes");
}

TEST(UnixAddress, ANameThatLeavesTheDirectoryBreaksTheContract) {
    EXPECT_THROW(unix_address(directory::open("/dev/shm"), "../x"), contract_violation);
}

TEST(UnixAddress, AnAbstractNameIsAllBytesBehindAZero) {
    const unix_address address = unix_address::abstract(std::string_view{"a\0b", 3});
    EXPECT_TRUE(address.is_abstract());
    EXPECT_EQ(address.size(), offsetof(sockaddr_un, sun_path) + 4);
    EXPECT_EQ(unix_address::abstract("name").text(), "@name");
    EXPECT_EQ(unix_address::abstract("name").name(), "name");
}

TEST(UnixAddress, AnAbstractNameOf107BytesFitsAndALongerOneIsAnError) {
    EXPECT_EQ(unix_address::abstract(std::string(107, 'x')).size(), sizeof(sockaddr_un));
    const std::string text = complaint_of([] { unix_address::abstract(std::string(108, 'x')); });
    EXPECT_NE(text.find("an abstract name has at most 107 bytes"), std::string::npos);
    EXPECT_THROW(unix_address::abstract(""), contract_violation);
}

TEST(UnixAddress, OfASendersPathTheLastPartIsKept) {
    const directory place = directory::open("/dev/shm");
    const unix_address path{place, "name"};
    EXPECT_EQ(unix_address::from_kernel(path.data(), path.size()).name(), "name");
    const unix_address abstract = unix_address::abstract("name");
    const unix_address found = unix_address::from_kernel(abstract.data(), abstract.size());
    EXPECT_TRUE(found.is_abstract());
    EXPECT_EQ(found.text(), "@name");
}

TEST(UnixAddress, ASenderWithoutANameHasNone) {
    const sa_family_t family = AF_UNIX;
    EXPECT_EQ(unix_address::from_kernel(&family, sizeof family).name(), "");
}

}  // namespace
}  // namespace signet::os
