// SPDX-License-Identifier: Apache-2.0
// Two network namespaces joined by a veth pair, as two machines by a cable that can be pulled. A
// thread is on one of the hosts; the sockets it makes are that host's, and so are the threads that
// it starts. Takes root; one at a time.
#pragma once

#include <signet/os/descriptor.hpp>

#include <array>
#include <string>

namespace signet::tests {

class two_hosts {
public:
    enum host { left, right };

    /// Throws std::system_error: no rights, no such kernel module.
    two_hosts();
    two_hosts(const two_hosts&) = delete;
    two_hosts& operator=(const two_hosts&) = delete;

    /// The calling thread is where it was before.
    ~two_hosts();

    /// The calling thread is there from now on.
    void go_to(host where) const;

    /// "10.99.0.1", "10.99.0.2"
    static std::string address(host where);

    /// Pulls the cable at the right host, or puts it back. Any thread; it stays where it is.
    void pull() const;
    void put_back() const;

private:
    os::descriptor before_;
    std::array<os::descriptor, 2> hosts_;
};

}  // namespace signet::tests
