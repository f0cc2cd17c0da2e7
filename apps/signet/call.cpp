// SPDX-License-Identifier: Apache-2.0
// `signet call`: calls a method of a service, of Signet or of others.
#include "call_values.hpp"
#include "cat_tls.hpp"
#include "interruption.hpp"
#include "json_value.hpp"
#include "known_methods.hpp"
#include "subcommand.hpp"
#include "terminal.hpp"

#include <signet/base/error.hpp>
#include <signet/pattern/service/call_codes.hpp>
#include <signet/pattern/service/call_error.hpp>
#include <signet/pattern/service/call_stream.hpp>
#include <signet/wire/utf8.hpp>

#include <fmt/core.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>

namespace signet::command {
namespace {

using transport::patience;

constexpr int usage_error = 2;

struct call_options {
    std::string address;
    std::string method;
    std::vector<std::string> arguments;
    double timeout_s = 0;
    bool notify = false;
    bool json = false;
};

int status_of(ran did) {
    switch (did) {
        case ran::no: return 1;
        case ran::yes: return 3;
        case ran::maybe: break;
    }
    return 4;
}

const char* text_of(ran did) {
    switch (did) {
        case ran::no: return "no";
        case ran::yes: return "yes";
        case ran::maybe: break;
    }
    return "maybe";
}

class caller {
public:
    explicit caller(const call_options& options)
        : options_{options}, until_{seconds_from_now(options.timeout_s)} {}

    int run() try {
        if (options_.method.empty()) return list_methods();
        call();
        return 0;
    } catch (const remote_error& e) {
        return tell(e, e.type(), e.text());
    } catch (const call_error& e) {
        return tell(e, {}, e.what());
    } catch (const output_closed&) {
        throw;
    } catch (const std::exception& e) {  // before anything was called
        return tell({}, e.what(), e.what(), ran::no);
    }

private:
    patience limit() const { return {until_, interrupted_.token()}; }

    void connect() {
        service_ = connect_service(options_.address, until_);
        known_ = ask_methods(*service_, limit());
    }

    int list_methods() {
        connect();
        fmt::print(stderr, "signet: which method of {}? `signet describe {}` lists them",
                   options_.address, options_.address);
        if (known_) fmt::print(stderr, ": {}", names_text(*known_));
        fmt::print(stderr, "\n");
        return usage_error;
    }

    const method_signature* chosen_method() const {
        if (!known_) return nullptr;
        const method_signature* const found = find_method(*known_, options_.method);
        const bool reserved = options_.method.starts_with("signet.");
        if (found != nullptr || reserved) return found;
        throw std::runtime_error{options_.address + ": " +
                                 missing_method_text(*known_, options_.method)};
    }

    void call() {
        connect();
        const method_signature* const method = chosen_method();
        const std::vector<std::byte> arguments = pack_arguments(options_.arguments, method);
        const pattern::call_request request{
            .method = options_.method, .arguments = options_.arguments.size(), .body = arguments};
        if (options_.notify) return service_->notify(request, limit());
        pattern::outgoing_call under_way;
        service_->start(under_way, request, limit());
        under_way.finish(limit());
        const std::span<const std::byte> result = under_way.result();
        if (const auto items = under_way.take_stream()) return print_each(*items);
        print(result, method);
    }

    void print_each(pattern::incoming_stream& items) const {
        while (const auto item = items.next(limit())) print(*item, nullptr);
        if (!items.at_end()) throw pattern::given_up(limit(), options_.method, ran::maybe);
    }

    void print(std::span<const std::byte> result, const method_signature* method) const {
        const bool pretty = !options_.json && on_terminal();
        const std::string text = result_json(
            result, method, pretty ? wire::json_style::indented : wire::json_style::one_line);
        write_output(options_.json ? "{\"result\":" + text + "}\n" : text + '\n');
        flush_output();
    }

    int tell(const call_error& e, const std::string& type, const std::string& text) const {
        return tell(type, text, e.what(), e.ran());
    }

    int tell(const std::string& type, const std::string& text, const std::string& sentence,
             ran did) const {
        if (options_.json) {
            const json_value error{{"type", type}, {"text", text}, {"ran", text_of(did)}};
            write_output(json_value{{"error", error}}.dump() + '\n');
        } else {
            fmt::print(stderr, "signet: {}\n", wire::printable(sentence));
        }
        return interrupted_.came() ? interrupted_.exit_status() : status_of(did);
    }

    const call_options& options_;
    interruption interrupted_;
    deadline until_;
    std::unique_ptr<pattern::call_client> service_;
    std::optional<known_methods> known_;
};

constexpr const char* example =
    R"(Each ARG is JSON; what is none is taken as text. Where the service says what its
methods take, it becomes just that: 1 is a number for a double and text for a string,
an object is a struct. To any other MessagePack-RPC server it goes as it is. An ARG
that begins with a minus and is no number comes behind --.
The result is printed as JSON, each item of a stream as it comes; with --json
{"result": ...} on one line, and a failure is {"error": {"type", "text", "ran"}}.

Exit status: 0 it ran and this is its result (--notify: it was sent); 1 it did not
run, and never will; 2 wrong usage; 3 it ran, and failed; 4 it may have run, nobody
can know; 128 + n cut short by signal n, whatever became of the call.

Examples:
  signet call sums add 2 3
  signet call robot move '{"x": 1, "y": 2}' --timeout 0.5
  signet call unix:///run/user/1000/nvim.sock nvim_command 'echo 1'
  signet call log say 'all is well' --notify)";

}  // namespace

void add_call(command_line app, action& chosen) {
    auto options = std::make_shared<call_options>();
    command_line call =
        app.add_subcommand("call", "Call a method of a service, of Signet's or of others");
    call.add_option("NAME", options->address, "Such as sums, or an address: tcp://host:4711")
        .required();
    call.add_option("METHOD", options->method, "Such as add; without it they are listed");
    call.add_option("ARG", options->arguments, "The arguments, each JSON or text");
    call.add_option("--timeout", options->timeout_s, "Give up after so many seconds").positive();
    call.add_flag("--notify", options->notify, "Have it called, and do not wait for the result");
    call.add_flag("--json", options->json, "One object on one line, also for a failure");
    const auto use_tls_options = add_tls_options(call);
    call.footer(example);
    call.callback([options, use_tls_options, &chosen] {
        chosen = [options, use_tls_options] {
            use_tls_options();
            return caller{*options}.run();
        };
    });
}

}  // namespace signet::command
