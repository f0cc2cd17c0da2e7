// SPDX-License-Identifier: Apache-2.0
// sd-bus: two processes and a unix socket, no broker. A plain callback on the path instead of a
// vtable, whose look-up it saves; no interface in the headers, which D-Bus allows; no descriptors,
// time stamps or timeouts asked for, nor credentials, which is the default. sd_bus_call (blocking),
// or sd_bus_call_async with sd_bus_process again and again (polling), and always so for calls under
// way.
#include <bench/peers/calls.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace {

constexpr const char* object = "/calls";
constexpr std::uint64_t no_timeout = UINT64_MAX;

int require(int result, const char* operation) {
    if (result >= 0) return result;
    throw std::system_error{-result, std::generic_category(), operation};
}

struct release_message {
    void operator()(sd_bus_message* message) const noexcept { sd_bus_message_unref(message); }
};
struct close_bus {
    void operator()(sd_bus* bus) const noexcept { sd_bus_flush_close_unref(bus); }
};
using message_ptr = std::unique_ptr<sd_bus_message, release_message>;
using bus_ptr = std::unique_ptr<sd_bus, close_bus>;

bus_ptr new_bus() {
    sd_bus* bus = nullptr;
    require(sd_bus_new(&bus), "sd_bus_new");
    bus_ptr owned{bus};
    require(sd_bus_negotiate_fds(bus, 0), "sd_bus_negotiate_fds");
    require(sd_bus_negotiate_timestamp(bus, 0), "sd_bus_negotiate_timestamp");
    require(sd_bus_set_trusted(bus, 1), "sd_bus_set_trusted");
    return owned;
}

std::string path_of(const peers::part& mine) {
    return mine.place + "/calls";
}

std::int32_t number_in(sd_bus_message* message) {
    std::int32_t number = 0;
    require(sd_bus_message_read_basic(message, 'i', &number), "sd_bus_message_read_basic");
    return number;
}

const char* text_in(sd_bus_message* message) {
    const char* text = nullptr;
    require(sd_bus_message_read_basic(message, 's', &text), "sd_bus_message_read_basic");
    return text;
}

void append(sd_bus_message* to, char type, const void* value) {
    require(sd_bus_message_append_basic(to, type, value), "sd_bus_message_append_basic");
}

/// Does what there is to do; sleeps where there is nothing, unless it polls.
void process(sd_bus* bus, bool polls) {
    const int done = require(sd_bus_process(bus, nullptr), "sd_bus_process");
    if (done == 0 && !polls) require(sd_bus_wait(bus, no_timeout), "sd_bus_wait");
}

class server {
public:
    explicit server(const peers::part& mine)
        : polls_{mine.waiting == peers::waiting::poll},
          door_{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        path_of(mine).copy(at.sun_path, sizeof at.sun_path - 1);
        const auto* address = reinterpret_cast<const sockaddr*>(&at);
        if (bind(door_, address, sizeof at) != 0 || listen(door_, 1) != 0) fail("listen");
    }
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    ~server() { close(door_); }

    void serve() {
        const int line = accept4(door_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (line < 0) fail("accept4");
        const bus_ptr bus = new_bus();
        require(sd_bus_set_fd(bus.get(), line, line), "sd_bus_set_fd");
        require(sd_bus_set_server(bus.get(), 1, {}), "sd_bus_set_server");
        require(sd_bus_add_object(bus.get(), nullptr, object, answer, nullptr), "add_object");
        require(sd_bus_start(bus.get()), "sd_bus_start");
        while (sd_bus_is_open(bus.get()) > 0) process_calls(bus.get());
    }

private:
    [[noreturn]] static void fail(const char* operation) {
        throw std::system_error{errno, std::generic_category(), operation};
    }

    /// The caller's leaving is no failure.
    void process_calls(sd_bus* bus) const {
        try {
            process(bus, polls_);
        } catch (const std::system_error& error) {
            const int code = error.code().value();
            if (code != ECONNRESET && code != ENOTCONN) throw;
        }
    }

    static int answer(sd_bus_message* call, void*, sd_bus_error*) {
        sd_bus_message* made = nullptr;
        int result = sd_bus_message_new_method_return(call, &made);
        const message_ptr reply{made};
        if (result >= 0) result = fill(made, call);
        return result < 0 ? result : sd_bus_send(nullptr, made, nullptr);
    }

    static int fill(sd_bus_message* reply, sd_bus_message* call) {
        const bool counts = std::strcmp(sd_bus_message_get_member(call), "Increment") == 0;
        return counts ? fill_number(reply, call) : fill_text(reply, call);
    }

    static int fill_number(sd_bus_message* reply, sd_bus_message* call) {
        std::int32_t number = 0;
        const int result = sd_bus_message_read_basic(call, 'i', &number);
        ++number;
        return result < 0 ? result : sd_bus_message_append_basic(reply, 'i', &number);
    }

    static int fill_text(sd_bus_message* reply, sd_bus_message* call) {
        const char* text = nullptr;
        const int result = sd_bus_message_read_basic(call, 's', &text);
        return result < 0 ? result : sd_bus_message_append_basic(reply, 's', text);
    }

    bool polls_;
    int door_;
};

class caller {
public:
    explicit caller(const peers::part& mine)
        : polls_{mine.waiting == peers::waiting::poll}, bus_{new_bus()} {
        require(sd_bus_set_address(bus_.get(), ("unix:path=" + path_of(mine)).c_str()), "address");
        require(sd_bus_start(bus_.get()), "sd_bus_start");
    }

    std::int32_t increment(std::int32_t number) {
        return number_in(answer_to(new_increment(number)).get());
    }

    template <class Read>
    void echo(const std::string& text, Read&& read) {
        const message_ptr call = new_call("Echo");
        append(call.get(), 's', text.c_str());
        const message_ptr reply = answer_to(call);
        read(text_in(reply.get()));
    }

    void increment_all(peers::questions& all) {
        std::vector<asked> lanes;
        for (std::size_t i = 0; i < peers::calls_under_way; ++i) lanes.push_back({*this});
        for (asked& lane : lanes) idle_.push_back(&lane);
        while (begin_calls(all)) process(bus_.get(), polls_);
    }

    void leave() { bus_.reset(); }

private:
    /// One of the calls under way.
    struct asked {
        caller& from;
        std::int32_t number = 0;
        message_ptr reply{};
    };

    message_ptr new_call(const char* member) {
        sd_bus_message* call = nullptr;
        require(sd_bus_message_new_method_call(bus_.get(), &call, nullptr, object, nullptr, member),
                "sd_bus_message_new_method_call");
        return message_ptr{call};
    }

    message_ptr new_increment(std::int32_t number) {
        message_ptr call = new_call("Increment");
        append(call.get(), 'i', &number);
        return call;
    }

    message_ptr answer_to(const message_ptr& call) {
        return polls_ ? polled_answer_to(call) : awaited_answer_to(call);
    }

    message_ptr awaited_answer_to(const message_ptr& call) {
        sd_bus_message* reply = nullptr;
        require(sd_bus_call(bus_.get(), call.get(), no_timeout, nullptr, &reply), "sd_bus_call");
        return message_ptr{reply};
    }

    message_ptr polled_answer_to(const message_ptr& call) {
        message_ptr reply;
        start(call, keep, &reply);
        while (!reply) process(bus_.get(), polls_);
        return reply;
    }

    void start(const message_ptr& call, sd_bus_message_handler_t done, void* with) {
        require(sd_bus_call_async(bus_.get(), nullptr, call.get(), done, with, no_timeout),
                "sd_bus_call_async");
    }

    /// Whether any is under way.
    bool begin_calls(peers::questions& all) {
        for (asked* lane : std::exchange(idle_, {})) {
            if (lane->reply) all.answered(lane->number, number_in(lane->reply.get()));
            under_way_ -= lane->reply != nullptr;
            begin_call(*lane, all.next());
        }
        return under_way_ > 0;
    }

    void begin_call(asked& lane, std::optional<std::int32_t> number) {
        if (!number) return;
        lane.number = *number;
        start(new_increment(*number), keep_of_lane, &lane);
        ++under_way_;
    }

    // No exception passes through the library, which is C.
    static int keep(sd_bus_message* reply, void* where, sd_bus_error*) noexcept {
        static_cast<message_ptr*>(where)->reset(sd_bus_message_ref(reply));
        return 1;
    }

    static int keep_of_lane(sd_bus_message* reply, void* where, sd_bus_error* error) noexcept {
        asked& lane = *static_cast<asked*>(where);
        lane.from.idle_.push_back(&lane);
        return keep(reply, &lane.reply, error);
    }

    bool polls_;
    bus_ptr bus_;
    std::size_t under_way_ = 0;
    std::vector<asked*> idle_;
};

}  // namespace

int main(int count, char** arguments) {
    return peers::run_calls<server, caller>(count, arguments, SYSTEMD_VERSION);
}
