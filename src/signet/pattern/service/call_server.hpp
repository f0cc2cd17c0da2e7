// SPDX-License-Identifier: Apache-2.0
// Serves calls: reads requests from all connections, queues them, runs their methods, and answers.
// docs/design/services.md says what is promised; here is who does what.
//
// Thread safety: any thread serves, and any thread stops it. Invariants:
//   1. At most one thread reads (`reading_`); it alone touches the wait set, and what is the
//      reader's of a line.
//   2. A call is `at_work` on its line from being queued until it was answered, so a line that
//      ends finds all it has to cancel.
//   3. Whoever leaves the reading, or takes a call out of the queue while others wait, wakes one
//      of them: nobody waits while there is work, or nobody reads.
//   4. No user's code runs, and nothing is sent, under the mutex.
#pragma once

#include <signet/base/time.hpp>
#include <signet/life/waiting.hpp>
#include <signet/pattern/service/call_host.hpp>
#include <signet/pattern/service/incoming_call.hpp>
#include <signet/pattern/service/outgoing_call.hpp>
#include <signet/pattern/service/served_line.hpp>
#include <signet/pattern/service/work_queue.hpp>
#include <signet/transport/channel.hpp>
#include <signet/transport/wait_engine.hpp>
#include <signet/wire/signature.hpp>

#include <cstddef>
#include <cstdint>
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

enum class kernel_priority {
    usual,     ///< threads stay as they are
    of_calls,  ///< as urgent as what they work on, where the system permits it: thread_priority.hpp
};

struct server_options {
    std::size_t queue_max = 1024;             ///< requests that wait; more are refused
    std::size_t calls_per_client_max = 256;   ///< of one connection; more are not read yet
    std::size_t pulses_per_client_max = 256;  ///< of one connection, that wait; more are dropped
    std::size_t clients_max = 10'000;         ///< connections; more are not accepted yet
    std::uint64_t message_bytes_max = std::uint64_t{16} << 20;
    std::size_t descriptors_max = 0;  ///< open files that are taken with a call
    transport::name_use name = transport::name_use::alone;  ///< shared: with other servers

    /// What callers can claim: those of the user this process acts for, by the kernel's word, and
    /// all others. Whoever may claim more than others comes before them, always.
    std::uint8_t priority_max = 255;
    std::uint8_t strangers_priority_max = 0;

    /// Whether a thread takes a priority of the kernel's while it works on an urgent call.
    kernel_priority takes_priority = kernel_priority::usual;

    life::wait_mode waiting = life::wait_mode::eager;
};

struct server_counts {
    std::uint64_t served = 0;          ///< calls that ran
    std::uint64_t refused = 0;         ///< the queue was full
    std::uint64_t expired = 0;         ///< their deadline passed before they ran
    std::uint64_t cancelled = 0;       ///< nobody waited for them any more, before they ran
    std::uint64_t garbage = 0;         ///< connections that ended by a mistake of the peer's
    std::uint64_t pulses_dropped = 0;  ///< too many waited, or nobody takes them
    std::uint64_t not_raised = 0;      ///< urgent calls whose threads the system did not prefer
    std::size_t clients = 0;           ///< now
    std::size_t queued = 0;            ///< calls and pulses that wait now
};

class call_client;
class forwarded_call;

class call_server final : public call_host {
public:
    explicit call_server(const server_options& options);
    ~call_server() override;

    /// Takes connections from there. Before anybody serves.
    void add(std::shared_ptr<transport::channel_listener> door, const rpc_shape& shape);

    /// Serves a connection that is there already. Before anybody serves.
    void add(std::unique_ptr<transport::channel_end> end, const rpc_shape& shape);

    /// `what` is what those who ask are told of it, with the names by which its arguments may be
    /// given; no names: only in their order. Throws contract_violation: there is one of that name,
    /// or it is a reserved one.
    void handle(std::string name, method_body body, wire::method_signature what = {});

    /// What it handles, in the order of the names.
    std::vector<wire::method_signature> describe() const;

    /// Has pulses run that: two integers. As handle().
    void on_pulse(method_body body);

    /// True: it was stopped; false: the patience ended first.
    bool serve(const transport::patience& limit);

    /// The next call or pulse, whatever its method: in place of serve(). It is answered by who
    /// takes it, once, by reply() or forward(), from any thread. Null: it was stopped, or the
    /// patience ended.
    std::shared_ptr<incoming_call> receive(const transport::patience& limit);

    /// For a loop, in place of serve(): reads and runs what is there. False: it was stopped.
    bool poll();

    /// The same for a loop of the user's: then fd() is readable when there is something again.
    bool poll_and_arm();
    int fd() { return set_.fd(); }

    /// Tells when poll() has something to do. It keeps nothing; this must last.
    std::unique_ptr<transport::waitable> watch();
    /// Has the server that `to` calls answer it. Whatever becomes of that, the caller is told; by
    /// the threads that serve. Waits only to connect there, the first time.
    void forward(const std::shared_ptr<incoming_call>& call, const call_client& to);

    /// Ends serve() in all threads, when the calls that run now have ended; and each later one.
    /// What these wait for from their callers they wait for no longer.
    void stop();

    server_counts counts() const;

    bool send(call_session& on, std::string_view method, const outgoing_frame& frame,
              const transport::patience& limit) override;
    void tell(call_session& on, const outgoing_frame& frame) override;
    void await(lock& locked, call_session& on, awaited& what,
               const transport::patience& limit) override;
    bool try_await(lock& locked, call_session& on, const awaited& what) override;
    std::unique_ptr<transport::waitable> enlist(call_waiter& who, call_session& on,
                                                awaited& what) override;
    void take_back(call_waiter& who, call_session& on, awaited& what) override;
    void resume(std::shared_ptr<outgoing_stream> stream) override;
    void reply(incoming_call& call, const std::optional<wire::rpc_failure>& failure,
               const std::vector<std::byte>& result) override;
    void attend(incoming_call& call) override;

private:
    friend class server_watch;
    friend forwarded_call;

    struct method {
        method_body body;
        wire::method_signature signature{};
        bool quick = false;  ///< the last time it was looked
        std::uint32_t calls = 0;
    };
    using method_map = std::map<std::string, method, std::less<>>;
    struct door {
        std::shared_ptr<transport::channel_listener> listener;
        rpc_shape shape;
        transport::wait_key key;
    };
    using line_ptr = std::shared_ptr<served_line>;
    using call_ptr = std::shared_ptr<incoming_call>;
    using forward_ptr = std::shared_ptr<forwarded_call>;
    enum class filling { done, waits, impossible };

    static served_line& line_of(const incoming_call& call) {
        return static_cast<served_line&>(call.from());
    }

    // Handing calls out, and how urgent they are (call_receive.cpp).
    call_ptr take_next(lock& locked);
    std::uint8_t priority_of(const transport::channel_end& peer) const;
    void take_priority_of(const incoming_call& call);
    std::optional<wire::rpc_failure> run_urgently(const call_ptr& call, const method_body& body,
                                                  std::vector<std::byte>& result);

    // Forwarding (call_forward.cpp).
    line_ptr route_to(const call_client& to, const incoming_call& call);
    line_ptr known_route(const call_client& to);
    void drop_old_routes();
    std::optional<wire::rpc_failure> begin_forward(const forward_ptr& one, const call_client& to);
    bool send_forward(const forward_ptr& one, const line_ptr& route, const call_request& request);
    bool end_sending(forwarded_call& one, bool sent);
    void forward_notification(const call_ptr& call, const call_client& to);
    void note_over(forwarded_call& one);
    void withdraw(const incoming_call& call);
    void answer_forwards(lock& locked);
    void answer_forward(forwarded_call& one);
    static std::optional<wire::rpc_failure> take_answer(forwarded_call& one,
                                                        std::vector<std::byte>& into);
    void close_forwards();
    void join(const line_ptr& line);
    void refuse_on_route(served_line& line, const wire::rpc_frame& frame);

    void run_next(lock& locked);
    void run_call(lock& locked, const call_ptr& call);
    method* find_method(std::string_view name);
    bool quick_one_follows(const incoming_call& done);
    std::optional<wire::rpc_failure> run(const call_ptr& call, method* what,
                                         std::vector<std::byte>& result);
    std::optional<wire::rpc_failure> why_unwanted(filling filled, const incoming_call& call);
    void answer(incoming_call& call, const std::optional<wire::rpc_failure>& failure,
                const std::vector<std::byte>& result, bool more_to_come);
    void uncork(served_line& to);
    void post(served_line& to, const outgoing_frame& frame, bool more_to_come);
    void refuse(const incoming_call& call, std::string_view code, std::string text);
    void finish(incoming_call& done);
    void mark_resumed(const line_ptr& line);
    std::string known_methods() const;
    std::optional<std::vector<std::string>> parameters_of(std::string_view method) const;

    // Results as arguments (call_results.cpp).
    filling fill_in(const call_ptr& call);
    filling look_for(const call_ptr& call, std::uint32_t id);
    static std::vector<std::byte> use_result(served_line& of, std::uint32_t id);
    static void give_up_references(const incoming_call& call);
    void keep_result(const incoming_call& call, frame_bytes value);
    void wake_dependents(const incoming_call& call);

    bool work(lock& locked, const transport::patience& limit);
    void follow(lock& locked, const transport::patience& limit, awaited* what);
    void wake_one();
    void wake_reader();
    void attend_calls();
    bool try_read(lock& locked);
    void begin_awaiting(served_line& on);
    bool is_full(const served_line& line, std::size_t times) const;
    void wake_all();

    // The reader's.
    void read(lock& locked, const transport::patience& limit, const awaited* what);
    void take_turn(const std::vector<line_ptr>& resumed, transport::patience limit);
    bool has_work(const awaited* what) const;
    void look_at(transport::wait_key key);
    void admit(door& from);
    void admit(std::unique_ptr<transport::channel_end> end, const rpc_shape& shape);
    void await_frames(served_line& line);
    void open_doors(bool wanted);
    void look_at(const line_ptr& line);
    void read_frames(const line_ptr& line);
    bool rests(const line_ptr& line);
    void take_frame(const line_ptr& line, const arrived_frame& came);
    bool take_reserved(const line_ptr& line, const wire::rpc_frame& frame);
    void greet(const line_ptr& line, const wire::rpc_frame& hello);
    void describe_to(const line_ptr& line, const wire::rpc_frame& asked);
    void cancel(const line_ptr& line, const wire::rpc_frame& which);
    void await_room(const line_ptr& line, bool wanted);
    void drop(line_ptr line);
    bool try_queue(call_ptr& one);
    void enqueue();
    void enqueue(lock& locked);
    void refuse_all(const std::vector<call_ptr>& refused);

    server_options options_;
    transport::wait_engine set_;
    std::vector<door> doors_;
    std::unordered_map<transport::wait_key, line_ptr> lines_;
    line_ptr near_;                        ///< that was looked at last; null: it was dropped
    bool in_numbers_ = true;               ///< more than one frame is there to be read, or may be
    std::vector<call_ptr> arrived_;        ///< read, and not queued yet
    std::optional<deadline> doors_again_;  ///< closed until then

    // Under the mutex:
    method_map methods_;
    method_map::value_type* method_before_ = nullptr;  ///< that was looked for last
    work_queue queue_;
    std::unordered_map<const incoming_call*, forward_ptr> forwards_;  ///< under way
    std::vector<forward_ptr> forwarded_;   ///< that ended, and were not answered yet
    std::vector<line_ptr> routes_;         ///< to other servers, for forwards
    std::vector<line_ptr> resumed_;        ///< may have room again: for the reader to look at
    std::vector<call_waiter*> followers_;  ///< who wait for work, or to read
    server_counts counts_;
    std::size_t serving_ = 0;   ///< threads in serve()
    std::size_t attended_ = 0;  ///< calls that run and want to be told of an end
    bool reading_ = false;
    std::thread::id reader_;  ///< or the one before
    bool in_loop_ = false;    ///< somebody else's set waits in place of the reader
    bool stopping_ = false;
    bool closing_ = false;
    life::notice attendant_wanted_;
    std::thread attendant_;
};

}  // namespace signet::pattern
