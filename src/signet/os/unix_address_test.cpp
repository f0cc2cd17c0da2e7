// SPDX-License-Identifier: Apache-2.0
#include <signet/os/unix_address.hpp>

#include <signet/base/error.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
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

}  // namespace
}  // namespace signet::os
