// SPDX-License-Identifier: Apache-2.0
// Serves calls: reads requests from all connections, queues them, runs their methods, and answers.
// docs/design/services.md says what is promised; here is who does what.
//
// Thread safety: any thread serves, and any thread stops it. Invariants:
//   1. At most one thread reads (`reading_`); it alone touches the wait set, and what is the
//      reader's of a line.
//   2. A call is in `calls` of its line from being queued until it was answered, so a line that
//      ends finds all it has to cancel.
//   3. Whoever leaves the reading, or takes a call out of the queue while others wait, wakes one
//      of them: nobody waits while there is work, or nobody reads.
//   4. No user's code runs, and nothing is sent, under the mutex.
#pragma once

#include <signet/base/time.hpp>
#include <signet/life/waiting.hpp>
#include <signet/pattern/service/incoming_call.hpp>
#include <signet/pattern/service/served_line.hpp>
#include <signet/transport/channel.hpp>
#include <signet/transport/wait_engine.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

namespace signet::pattern {

/// Runs a method: reads the arguments, appends the result as one value. What it returns is why the
/// call did not run; what it throws, its caller is told.
using method_body = std::function<std::optional<wire::rpc_failure>(const wire::rpc_frame& call,
                                                                   std::vector<std::byte>& result)>;

struct server_options {
    std::size_t queue_max = 1024;            ///< requests that wait; more are refused
    std::size_t calls_per_client_max = 256;  ///< of one connection; more are not read yet
    std::size_t clients_max = 10'000;        ///< connections; more are not accepted yet
    std::uint64_t message_bytes_max = std::uint64_t{16} << 20;
    life::wait_mode waiting = life::wait_mode::adaptive;
};

struct server_counts {
    std::uint64_t served = 0;     ///< calls that ran
    std::uint64_t refused = 0;    ///< the queue was full
    std::uint64_t expired = 0;    ///< their deadline passed before they ran
    std::uint64_t cancelled = 0;  ///< nobody waited for them any more, before they ran
    std::uint64_t garbage = 0;    ///< connections that ended by a mistake of the peer's
    std::size_t clients = 0;      ///< now
};

class call_server final : private call_attendance {
public:
    explicit call_server(const server_options& options);
    ~call_server() override;

    /// Takes connections from there. Before anybody serves.
    void add(std::shared_ptr<transport::channel_listener> door, rpc_framing frames);

    /// Serves a connection that is there already. Before anybody serves.
    void add(std::unique_ptr<transport::channel_end> end, rpc_framing frames);

    /// Throws contract_violation: there is one of that name, or it is a reserved one.
    void handle(std::string name, method_body body);

    /// True: it was stopped; false: the patience ended first.
    bool serve(const transport::patience& limit);

    /// Ends serve() in all threads, when the calls that run now have ended; and each later one.
    void stop();

    server_counts counts() const;

private:
    struct method {
        method_body body;
        bool quick = false;  ///< the last time it was looked
    };
    struct door {
        std::shared_ptr<transport::channel_listener> listener;
        rpc_framing frames;
        transport::wait_key key;
    };
    using lock = std::unique_lock<std::mutex>;
    using line_ptr = std::shared_ptr<served_line>;
    using call_ptr = std::shared_ptr<incoming_call>;

    void run_next(lock& locked);
    bool another_follows(const call_ptr& done) const;
    bool is_wanted(const incoming_call& call, std::optional<wire::rpc_failure>& why);
    std::optional<wire::rpc_failure> run(incoming_call& call, method* what,
                                         std::vector<std::byte>& result);
    void answer(const incoming_call& call, std::optional<wire::rpc_failure> failure,
                const std::vector<std::byte>& result, bool more_to_come);
    void post(served_line& to, std::span<const frame_bytes> parts, bool more_to_come);
    void refuse(const incoming_call& call, std::string_view code, std::string text);
    void finish(lock& locked, const call_ptr& done);
    void resume(const line_ptr& line);
    std::string known_methods() const;

    void follow(lock& locked, const transport::patience& limit);
    void wake_one();
    void attend() override;
    void attend_calls();
    bool try_read(lock& locked);

    // The reader's.
    void read(lock& locked, const transport::patience& limit);
    void take_turn(std::vector<line_ptr>& resumed, const transport::patience& limit);
    bool has_work() const;
    void look_at(transport::wait_key key);
    void admit(door& from);
    void admit(std::unique_ptr<transport::channel_end> end, rpc_framing frames);
    void open_doors(bool wanted);
    void look_at(const line_ptr& line);
    void read_frames(const line_ptr& line);
    bool rests(const line_ptr& line);
    void take_frame(const line_ptr& line, frame_bytes bytes);
    void take_reserved(const line_ptr& line, const incoming_call& call);
    void cancel(const line_ptr& line, const wire::rpc_frame& which);
    void await_room(const line_ptr& line, bool wanted);
    void drop(const line_ptr& line);
    void enqueue();

    server_options options_;
    transport::wait_engine set_;
    std::vector<door> doors_;
    std::unordered_map<transport::wait_key, line_ptr> lines_;
    std::vector<call_ptr> arrived_;        ///< read, and not queued yet
    std::optional<deadline> doors_again_;  ///< closed until then

    mutable std::mutex mutex_;
    std::map<std::string, method, std::less<>> methods_;
    std::deque<call_ptr> queue_;
    std::vector<line_ptr> resumed_;         ///< may have room again: for the reader to look at
    std::vector<life::notice*> followers_;  ///< who waits for work, or to read
    server_counts counts_;
    std::size_t serving_ = 0;   ///< threads in serve()
    std::size_t attended_ = 0;  ///< calls that run and want to be told of an end
    bool reading_ = false;
    bool stopping_ = false;
    bool closing_ = false;
    life::notice attendant_wanted_;
    std::thread attendant_;
};

}  // namespace signet::pattern
