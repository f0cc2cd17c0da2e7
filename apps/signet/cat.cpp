// SPDX-License-Identifier: Apache-2.0
// `signet cat`: standard input and output connected to any carrier of channels.
#include "cat_talk.hpp"
#include "cat_tls.hpp"
#include "interruption.hpp"
#include "subcommand.hpp"
#include "terminal.hpp"

#include <signet/base/error.hpp>
#include <signet/base/name.hpp>
#include <signet/face/carriers.hpp>
#include <signet/listener.hpp>

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <stdexcept>

namespace signet::command {
namespace {

struct cat_options {
    std::string address;
    bool listen = false;
    bool keep = false;
    bool bytes = false;
    bool framed = false;
    bool json = false;
    std::uint64_t count = 0;
    std::uint64_t message_bytes_max = std::uint64_t{16} << 20;
};

bool speaks_plain(const std::string& address) {
    const std::string scheme = split_address(address).scheme;
    for (const transport::carrier* one : face::carriers()) {
        if (one->facts().scheme == scheme) return one->facts().speaks_plain;
    }
    return true;  // there is no such carrier, which connecting tells
}

void require_other_descriptors(const std::string& address) {
    const signet::address to = split_address(address);
    if (to.scheme != "pipe" || !to.name.empty()) return;
    throw std::runtime_error{
        "cat pipe: would connect standard input and output to themselves; name other descriptors, "
        "such as pipe:3,4"};
}

// Without a stream of bytes beneath there are messages anyhow.
framing frames_of(const cat_options& options) {
    if (options.framed || !speaks_plain(options.address)) return framing::messages;
    return options.bytes ? framing::bytes : framing::lines;
}

cat_style style_of(const cat_options& options) {
    if (options.json) return cat_style::json;
    return options.bytes ? cat_style::bytes : cat_style::lines;
}

class cat {
public:
    explicit cat(const cat_options& options)
        : options_{options},
          channel_{.message_bytes_max = options.message_bytes_max, .frames = frames_of(options)},
          source_{!options.bytes, options.message_bytes_max},
          printer_{style_of(options)} {}

    int run() {
        require_other_descriptors(options_.address);
        if (options_.listen) {
            listen();
        } else {
            raw_channel line{options_.address, channel_};
            talk(line);
        }
        if (options_.count != 0 && received_ >= options_.count) return 0;
        const int cut_short = options_.keep ? 0 : interrupted_.exit_status();
        return options_.count == 0 ? cut_short : std::max(cut_short, 1);
    }

private:
    void listen() {
        raw_listener door{options_.address, channel_};
        printer_.listening(door.address());
        while (auto line = door.accept(interrupted_.token())) {
            if (!options_.keep) return talk(*line);
            talk_and_tell(*line);
            if (options_.count != 0 && received_ >= options_.count) return;
        }
    }

    /// What goes wrong with one is not to end the listening for others.
    void talk_and_tell(raw_channel& line) try { talk(line); } catch (const error& e) {
        fmt::print(stderr, "signet: {}\n", e.what());
    }

    void talk(raw_channel& line) {
        printer_.connected(options_.address, line.peer());
        cat_talk one{line, source_, printer_, how_to_talk()};
        try {
            one.run(interrupted_.token());
        } catch (const error& e) {
            tell_end(one, e.what());
            throw;
        }
        tell_end(one, interrupted_.came() ? "interrupted" : "in order");
    }

    // Who sits at a terminal should not have to end an input that nobody reads any more.
    talk_options how_to_talk() const {
        const std::uint64_t left = options_.count == 0 ? 0 : options_.count - received_;
        return {.count = left, .end_with_the_other = options_.keep || isatty(STDIN_FILENO) == 1};
    }

    void tell_end(const cat_talk& one, std::string_view how) {
        received_ += one.received().messages;
        printer_.ended(how, one.sent(), one.received());
    }

    const cat_options& options_;
    interruption interrupted_;
    channel_options channel_;
    cat_source source_;
    cat_printer printer_;
    std::uint64_t received_ = 0;
};

constexpr const char* example =
    R"X(Each line of standard input is a message, each message a line of standard output.
The other end may be a program that knows nothing of Signet: socat, nc, a shell; it
reads and writes lines. Between two of Signet, --framed takes messages of any bytes
and tells a death from an end in order. `signet carriers` lists the addresses.

When the input has ended the other end is told so, and what it still says is
printed until it ends too. When the other end has ended, the rest of the input is
still sent; with --keep, and where the input is a terminal, it is over.
Ends with status 0 when both directions have ended; with --count only if so many
messages came. With --json each line is an object: {"event":"connected",...},
{"event":"message","bytes","data"}, {"event":"ended","how","sent","received"}.

Examples:
  signet cat --listen unix:///tmp/x.sock            # here
  echo hello | socat - UNIX-CONNECT:/tmp/x.sock     # and there
  signet cat --listen --keep unix:///tmp/log.sock </dev/null >>log
  echo '2^64' | signet cat 'exec:bc'
  tar c . | signet cat --bytes 'exec:ssh host tar x'
  echo '{"x": 1}' | signet cat --framed unix:///run/robot.sock
Over TLS both ends show a certificate; the other end may be openssl s_client:
  signet cat --listen 'tls://*:4711' --tls-certificate own.pem --tls-key own.key \
    --tls-authority ca.pem)X";

}  // namespace

void add_cat(command_line app, action& chosen) {
    auto options = std::make_shared<cat_options>();
    command_line cat_command = app.add_subcommand(
        "cat", "Connect standard input and output to any carrier, and to programs of others");
    cat_command.add_option("ADDRESS", options->address, "Such as unix:///run/x.sock").required();
    const option listen =
        cat_command.add_flag("--listen", options->listen, "Wait there for the other end");
    cat_command.add_flag("--keep", options->keep, "When one has gone, wait for the next")
        .needs(listen);
    const option bytes =
        cat_command.add_flag("--bytes", options->bytes, "Bytes as they come, without lines");
    cat_command
        .add_flag("--framed", options->framed,
                  "Signet's messages in place of lines: the other end is Signet's too")
        .excludes(bytes);
    cat_command.add_option("--count", options->count, "End when so many messages came").positive();
    cat_command
        .add_option("--message-max", options->message_bytes_max,
                    "The longest message in bytes (default 16 MiB)")
        .positive();
    cat_command.add_flag("--json", options->json, "One JSON object a line");
    const auto use_tls_options = add_tls_options(cat_command);
    cat_command.footer(example);
    cat_command.callback([options, use_tls_options, &chosen] {
        chosen = [options, use_tls_options] {
            use_tls_options();
            return cat{*options}.run();
        };
    });
}

}  // namespace signet::command
