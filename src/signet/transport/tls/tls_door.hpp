// SPDX-License-Identifier: Apache-2.0
// A port at which peers shake hands, many at a time, and those who are through come out: nobody
// waits for one who connects and then says nothing. One with whom it went wrong, or who took longer
// than the limit, comes out too, and its first use tells what was wrong. One thread.
#pragma once

#include <signet/os/epoll.hpp>
#include <signet/transport/patient_wait.hpp>
#include <signet/transport/tcp/tcp_end.hpp>
#include <signet/transport/tls/tls_stream.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace signet::transport::tls {

/// So many shake hands at once; where more come, the one that has been at it longest is dropped.
inline constexpr std::size_t handshakes_max = 256;

class tls_door {
public:
    /// Throws `error`: as tcp_door.
    tls_door(const tcp::tcp_name& at, std::shared_ptr<const tls_context> context,
             const channel_options& options);

    /// The next one; null: the patience ended.
    std::unique_ptr<tls_stream> accept(const patience& limit);

    const std::string& text() const noexcept { return door_.text(); }

    /// Readable when accept() has something to do.
    int fd() const noexcept { return set_.fd(); }

private:
    struct guest {
        std::unique_ptr<tls_stream> stream;
        deadline until;
    };

    std::unique_ptr<tls_stream> one_that_moved();
    std::unique_ptr<tls_stream> one_that_is_late();
    void admit();
    std::unique_ptr<tls_stream> dismiss(std::uint64_t number);
    deadline first_deadline() const;

    tcp::tcp_door door_;
    std::shared_ptr<const tls_context> context_;
    std::chrono::nanoseconds limit_;
    os::epoll set_;
    std::map<std::uint64_t, guest> guests_;  ///< by the order in which they came, from 1
    std::uint64_t came_ = 0;
    stop_bell bell_;
};

}  // namespace signet::transport::tls
