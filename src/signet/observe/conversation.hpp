// SPDX-License-Identifier: Apache-2.0
// The onlooker's end of one link: it says hello, asks, and collects the reports. Nothing here
// blocks. One thread at a time.
#pragma once

#include <signet/observe/inspect.hpp>
#include <signet/observe/page.hpp>
#include <signet/os/unix_socket.hpp>
#include <signet/wire/frame.hpp>

#include <optional>

namespace signet::observe {

/// What an onlooker asks for.
enum class wanted {
    reports,
    reports_and_pages,
};

class conversation {
public:
    /// Asks over a socket that is connected to `context`, which belongs to user `uid`.
    conversation(os::seqpacket_socket socket, std::uint64_t context, unsigned uid, wanted what);

    /// Reads what has arrived.
    void read();

    /// Everything was said, or will never be.
    bool over() const noexcept { return over_; }

    /// It went away in the middle.
    bool ended_early() const noexcept { return ended_early_; }

    int fd() const noexcept { return socket_.fd(); }
    std::uint64_t context() const noexcept { return found_.context; }

    /// What was learned; afterwards there is nothing more to ask of this object.
    participant_process take();

    /// The pages of counts; likewise.
    std::vector<counted_page> take_pages() { return std::move(pages_); }

private:
    void ask(unsigned uid);
    bool read_one();
    void process(const wire::frame_reader& frame, std::vector<os::descriptor> descriptors);
    void process_hello(const wire::frame_reader& frame);
    void process_report(const wire::frame_reader& frame);
    void process_page(const wire::frame_reader& frame, std::vector<os::descriptor> descriptors);
    void ask_for_pages();
    void end_with(std::string problem);

    os::seqpacket_socket socket_;
    participant_process found_;
    std::vector<counted_page> pages_;
    wanted what_;
    std::optional<std::uint64_t> left_;  // reports still to come; none: the first is
    bool over_ = false;
    bool ended_early_ = false;
};

}  // namespace signet::observe
