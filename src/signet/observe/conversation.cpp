// SPDX-License-Identifier: Apache-2.0
#include <signet/observe/conversation.hpp>

#include <signet/base/error.hpp>
#include <signet/link/protocol.hpp>
#include <signet/os/process.hpp>
#include <signet/os/random.hpp>
#include <signet/wire/descriptor_codec.hpp>
#include <signet/wire/utf8.hpp>

#include <algorithm>
#include <array>

namespace signet::observe {
namespace {

namespace key = link::key;
namespace kind = link::kind;

constexpr std::uint64_t endpoints_max = 1u << 16;  // one context's, more than its link would carry
constexpr std::size_t pages_max = 1u << 14;        // of one context: each is a mapping of ours
constexpr std::size_t page_descriptors = 1;

std::vector<std::byte> hello_frame() {
    return wire::frame_writer{kind::hello}
        .put(key::version, link::protocol_version)
        .put(key::context, os::random_u64())
        .put(key::pid, static_cast<std::uint64_t>(os::current_pid()))
        .put(key::command, os::command_name(os::current_pid()))
        .take();
}

publisher_facts read_publisher(const wire::frame_reader& frame) {
    return {frame.u64_or(key::depth, 0),           frame.u64_or(key::payload_bytes_max, 0),
            frame.u64_or(key::published, 0),       frame.u64_or(key::lost, 0),
            frame.u64_or(key::subscribers, 0),     frame.flag_or(key::allow_block, false),
            frame.u64_or(key::subscribers_max, 0), frame.u64_or(key::held_total, 0),
            frame.u64_or(key::granted, 0)};
}

subscriber_facts read_subscriber(const wire::frame_reader& frame) {
    const std::uint64_t policy = std::min<std::uint64_t>(
        frame.u64_or(key::policy, 0), static_cast<std::uint64_t>(transport::delivery::latest));
    return {static_cast<transport::delivery>(policy), frame.u64_or(key::held_max, 0),
            frame.u64_or(key::received, 0),           frame.u64_or(key::lost, 0),
            frame.u64_or(key::publishers, 0),         frame.u64_or(key::skipped, 0)};
}

endpoint read_endpoint(const wire::frame_reader& frame) {
    endpoint one{.topic = std::string{frame.text(key::topic)},
                 .side = frame.text(key::side) == "publisher" ? link::role::publisher
                                                              : link::role::subscriber,
                 .id = frame.u64(key::from),
                 .answered = true};
    if (frame.has(key::type)) one.type = wire::decode_descriptor(frame.bytes(key::type));
    if (one.side == link::role::publisher) {
        one.publishing = read_publisher(frame);
    } else {
        one.receiving = read_subscriber(frame);
    }
    return one;
}

}  // namespace

conversation::conversation(os::seqpacket_socket socket, std::uint64_t context, unsigned uid,
                           wanted what)
    : socket_{std::move(socket)}, what_{what} {
    found_.context = context;
    found_.pid = socket_.credentials().pid;
    found_.command = wire::printable(os::command_name(found_.pid));
    ask(uid);
}

void conversation::ask(unsigned uid) {
    if (const unsigned theirs = socket_.credentials().uid; theirs != uid) {
        return end_with("it belongs to user " + std::to_string(theirs));
    }
    socket_.try_send(hello_frame());
    socket_.try_send(wire::frame_writer{kind::inspect}.take());
}

void conversation::read() {
    try {
        while (!over_ && read_one()) {
        }
    } catch (const error& e) {
        end_with(e.what());
    }
}

bool conversation::read_one() {
    std::array<std::byte, wire::frame_bytes_max> buffer;
    os::receive_result got = socket_.try_receive(buffer, page_descriptors);
    if (got.status == os::receive_status::empty) return false;
    if (got.status == os::receive_status::closed) {
        over_ = ended_early_ = true;
        return false;
    }
    if (got.truncated) {
        throw error{errc::peer_misbehaved, "read a report", {}, "it is longer than frames are"};
    }
    process(wire::frame_reader{std::span{buffer}.first(got.bytes)}, std::move(got.descriptors));
    return true;
}

void conversation::process(const wire::frame_reader& frame,
                           std::vector<os::descriptor> descriptors) {
    if (frame.kind() == kind::hello) return process_hello(frame);
    if (frame.kind() == kind::report) return process_report(frame);
    if (frame.kind() == kind::page) return process_page(frame, std::move(descriptors));
    if (frame.kind() == kind::refuse) end_with(std::string{frame.text(key::reason)});
}

void conversation::process_hello(const wire::frame_reader& frame) {
    const std::uint64_t version = frame.u64(key::version);
    if (version != link::protocol_version) {
        return end_with("it speaks version " + std::to_string(version) + ", this one speaks " +
                        std::to_string(link::protocol_version));
    }
    if (found_.pid == 0) found_.pid = static_cast<int>(frame.u64(key::pid) & 0x3fff'ffff);
    found_.command = frame.text(key::command);
}

void conversation::process_report(const wire::frame_reader& frame) {
    const std::uint64_t left = frame.u64(key::left);
    if (left > endpoints_max || (left_ && left >= *left_)) {
        throw error{errc::peer_misbehaved, "read a report", {}, "it counts its reports wrongly"};
    }
    left_ = left;
    if (frame.has(key::topic)) found_.endpoints.push_back(read_endpoint(frame));
    if (left != 0) return;
    over_ = what_ == wanted::reports;
    if (!over_) ask_for_pages();
}

/// It hands over some at a time, so that they do not pile up where we are slow.
void conversation::ask_for_pages() {
    const std::uint64_t next = pages_.size() + 1;
    socket_.try_send(wire::frame_writer{kind::inspect}.put(key::pages, next).take());
}

void conversation::process_page(const wire::frame_reader& frame,
                                std::vector<os::descriptor> descriptors) {
    const std::uint64_t left = frame.u64(key::left);
    if (frame.has(key::from)) pages_.push_back(read_page(frame, std::move(descriptors)));
    over_ = left == 0 || pages_.size() == pages_max;
    if (!over_ && pages_.size() % link::pages_at_once == 0) ask_for_pages();
}

void conversation::end_with(std::string problem) {
    found_.problem = std::move(problem);
    over_ = true;
}

participant_process conversation::take() {
    if (!over_) end_with("it does not answer; is it stopped, or in a debugger?");
    return std::move(found_);
}

}  // namespace signet::observe
