// SPDX-License-Identifier: Apache-2.0
// `signet serve`: commands of the shell as the methods of a service.
#include "cat_tls.hpp"
#include "interruption.hpp"
#include "json_value.hpp"
#include "shell_method.hpp"
#include "subcommand.hpp"
#include "terminal.hpp"

#include <signet/face/services.hpp>
#include <signet/pattern/service/call_codes.hpp>
#include <signet/pattern/service/call_server.hpp>

#include <fmt/core.h>

#include <cstdio>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace signet::command {
namespace {

constexpr std::size_t room_for_heads = 64;  // of a reply, beside the result

struct serve_options {
    std::string address;
    std::vector<std::string> methods;  ///< NAME=COMMAND
    int threads = 4;
    bool json = false;
};

struct named_command {
    std::string name;
    std::string line;
};

named_command split(const std::string& method) {
    const std::size_t sign = method.find('=');
    if (sign == std::string::npos || sign == 0 || sign + 1 == method.size()) {
        throw std::runtime_error{fmt::format(
            "'{}' is no method: it is to be NAME=COMMAND, such as add='expr $1 + $2'", method)};
    }
    named_command one{method.substr(0, sign), method.substr(sign + 1)};
    if (one.name.starts_with(pattern::reserved_names)) {
        throw std::runtime_error{"names that begin with 'signet.' are taken: " + one.name};
    }
    return one;
}

class serving {
public:
    explicit serving(const serve_options& options) : options_{options} {}

    int run() {
        for (const std::string& one : options_.methods) handle(split(one));
        tell(face::listen_for(server_, options_.address, limits_));
        std::vector<std::jthread> others;
        for (int i = 1; i < options_.threads; ++i) {
            others.emplace_back([this] { server_.serve({}); });
        }
        server_.serve({never, interrupted_.token()});
        server_.stop();
        return 0;  // it serves until it is told not to
    }

private:
    void handle(const named_command& one) {
        if (!known_.insert(one.name).second) {
            throw std::runtime_error{"there are two methods called " + one.name};
        }
        const std::size_t output_max = limits_.message_bytes_max - room_for_heads;
        server_.handle(one.name, shell_method{one.name, one.line, output_max, interrupted_},
                       shell_method::signature());
    }

    void tell(const std::string& where) const {
        if (options_.json) {
            write_output(json_value{{"event", "serving"}, {"address", where}}.dump() + '\n');
            flush_output();
        } else {
            fmt::print(stderr, "signet: serving at {}\n", where);
        }
    }

    const serve_options& options_;
    interruption interrupted_;
    pattern::server_options limits_;
    pattern::call_server server_{limits_};
    std::set<std::string> known_;
};

constexpr const char* example =
    R"(Each METHOD is NAME=COMMAND: a line for /bin/sh, run for each call. The arguments are
"$1", "$2", ...: text as it is, all else as JSON; quote them. A JSON array of all is
the standard input. What the command prints is the result: JSON where it is JSON,
null where it is nothing, else text without the last end of line.
A command that does not end with status 0 fails the call: the status is the type of
the error, and what it said to standard error the text.

The command, and all it started, is killed when the call's deadline passes, when
nobody waits for it any more, and when this ends. As many run at once as there are
threads; others wait for their turn. Whoever reaches the address can call.
Ends with status 0 on Ctrl-C.

Examples:
  signet serve sums add='expr "$1" + "$2"' &
  signet call sums add 2 3
  signet serve tcp://127.0.0.1:4711 status='systemctl is-active -- "$1"' up=uptime
  signet serve unix:///tmp/jq.sock first='jq ".[0]"')";

}  // namespace

void add_serve(command_line app, action& chosen) {
    auto options = std::make_shared<serve_options>();
    command_line serve =
        app.add_subcommand("serve", "Have commands of the shell called as methods of a service");
    serve.add_option("NAME", options->address, "Such as sums, or an address: unix:///run/x.sock")
        .required();
    serve.add_option("METHOD", options->methods, "NAME=COMMAND, such as add='expr $1 + $2'")
        .required();
    serve.add_option("--threads", options->threads, "Commands that run at once (4)")
        .between(1, 1000);
    serve.add_flag("--json", options->json, "Tell where it serves as one JSON object");
    const auto use_tls_options = add_tls_options(serve);
    serve.footer(example);
    serve.callback([options, use_tls_options, &chosen] {
        chosen = [options, use_tls_options] {
            use_tls_options();
            return serving{*options}.run();
        };
    });
}

}  // namespace signet::command
