// SPDX-License-Identifier: Apache-2.0
// A function that is called by anything that has a socket and JSON: here by the text itself.
#include <signet/channel.hpp>
#include <signet/error.hpp>
#include <signet/service.hpp>

#include <cstdio>
#include <span>
#include <string>
#include <string_view>

namespace {

// What comes back, to the end of the line.
std::string ask(signet::raw_channel& line, std::string_view text) {
    line.send(std::as_bytes(std::span{text}));
    std::string answer;
    while (!answer.ends_with('\n')) {
        const auto piece = line.receive();
        if (!piece) break;
        answer.append(reinterpret_cast<const char*>(piece->bytes.data()), piece->bytes.size());
    }
    return answer;
}

}  // namespace

int main() try {
    signet::server server{"tcp://127.0.0.1:0"};
    server.handle("subtract", [](int a, int b) { return a - b; }, {"minuend", "subtrahend"});
    server.serve_in_background(1);

    signet::raw_channel line{server.address(), {.frames = signet::framing::bytes}};
    for (const std::string_view text :
         {R"({"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1})",
          R"({"jsonrpc": "2.0", "method": "subtract", )"
          R"("params": {"subtrahend": 23, "minuend": 42}, "id": 2})",
          R"([{"jsonrpc": "2.0", "method": "subtract", "params": [2, 1], "id": "a"}, 5])"}) {
        std::printf("%s", ask(line, text).c_str());
    }
    return 0;
} catch (const std::exception& problem) {
    std::fprintf(stderr, "json_calls: %s\n", problem.what());
    return 1;
}
