// SPDX-License-Identifier: Apache-2.0
// Calls to and from programs that know nothing of Signet and speak MessagePack-RPC: Neovim as the
// server, which calls back; Python's MessagePack library as the client.
#include <signet/os/child.hpp>
#include <signet/service.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace signet::tests {
namespace {

using testing::eventually;
using texts = std::vector<std::string>;

bool runs(const std::string& line) {
    return std::system((line + " >/dev/null 2>&1").c_str()) == 0;
}

// ---- Neovim -------------------------------------------------------------------------------------

/// What stands first in its answer; the rest is passed over.
struct api_info {
    std::int64_t channel;
};

class Neovim : public ::testing::Test {
protected:
    void SetUp() override {
        if (!runs("command -v nvim")) GTEST_SKIP() << "there is no nvim";
        os::spawn_options quiet;
        quiet.environment = {"HOME=" + place_.path(), "XDG_RUNTIME_DIR=" + place_.path(),
                             "PATH=" + std::string{std::getenv("PATH")}};
        quiet.group = os::process_group::own;
        nvim_.emplace(os::child::spawn(
            {"nvim", "--headless", "--clean", "-n", "--listen", place_.path() + "/nvim"}, quiet));
    }

    client connect() const {
        std::optional<client> found;
        eventually([&] {
            try {
                found.emplace("unix://" + place_.path() + "/nvim");
            } catch (const error&) {
                return false;  // it does not listen yet
            }
            return true;
        });
        return std::move(found.value());
    }

    /// The same one over TCP.
    client connect_by_tcp() const {
        client by_path = connect();
        const auto where =
            by_path.call<std::string>("nvim_call_function", "serverstart", texts{"127.0.0.1:0"});
        return client{"tcp://" + where};
    }

    static void expect_edits(client& there) {
        there.call("nvim_buf_set_lines", 0, 0, -1, true, texts{"one", "two", "three"});
        there.call("nvim_buf_set_lines", 0, 1, 2, true, texts{"zwei"});
        EXPECT_EQ(there.call<texts>("nvim_buf_get_lines", 0, 0, -1, true),
                  (texts{"one", "zwei", "three"}));
    }

    /// It calls us while we wait for it.
    static void expect_answers(client& there) {
        there.handle("double", [](int number) { return 2 * number; });
        const auto info = there.call<api_info>("nvim_get_api_info");
        const int got = there.call<int>(
            "nvim_exec_lua",
            "local channel, number = ...\nreturn vim.rpcrequest(channel, 'double', number)",
            std::vector<std::int64_t>{info.channel, 21});
        EXPECT_EQ(got, 42);
    }

    testing::temporary_directory place_;
    std::optional<os::child> nvim_;
};

TEST_F(Neovim, TellsItsInterface) {
    client there = connect();
    EXPECT_GT(there.call<api_info>("nvim_get_api_info").channel, 0);
}

TEST_F(Neovim, EditsABuffer) {
    client there = connect();
    expect_edits(there);
}

TEST_F(Neovim, CallsUsBack) {
    client there = connect();
    expect_answers(there);
}

TEST_F(Neovim, DoesTheSameOverTcp) {
    client there = connect_by_tcp();
    expect_edits(there);
    expect_answers(there);
}

TEST_F(Neovim, TellsWhatIsWrongInItsOwnWords) {
    client there = connect();
    try {
        there.call("nvim_no_such_function");
        FAIL() << "it has one";
    } catch (const remote_error& e) {
        EXPECT_NE(e.text().find("nvim_no_such_function"), std::string::npos) << e.text();
        EXPECT_EQ(e.ran(), ran::maybe);
    }
}

TEST_F(Neovim, IsToldWhatWeThrow) {
    client there = connect();
    there.handle("fail", []() -> int { throw std::runtime_error{"not today"}; });
    const auto info = there.call<api_info>("nvim_get_api_info");
    const auto told =
        there.call<std::string>("nvim_exec_lua",
                                "local ok, why = pcall(vim.rpcrequest, ..., 'fail')\nreturn "
                                "tostring(ok) .. ' ' .. tostring(why)",
                                std::vector<std::int64_t>{info.channel});
    EXPECT_NE(told.find("false"), std::string::npos) << told;
}

// ---- Python -------------------------------------------------------------------------------------

constexpr const char* script = R"(import msgpack, socket, sys

kind, where = sys.argv[1].split(":", 1)
if kind == "unix":
    line = socket.socket(socket.AF_UNIX)
    line.connect(where)
else:
    host, port = where.split(":")
    line = socket.create_connection((host, int(port)))
unpacker = msgpack.Unpacker()

def call(method, *arguments):
    line.sendall(msgpack.packb([0, 7, method, arguments]))
    while True:
        for kind, number, error, result in unpacker:
            return error or result
        unpacker.feed(line.recv(65536))

print(call("add", 2, 3), call("greet", {"name": "Ada", "age": 36}), call("list", 3))
print(call("add", "two", 3)["code"], call("none")["code"], call("fail")["type"])
)";

struct person {
    std::string name;
    int age;
};

stream<int> count_to(int end) {
    for (int i = 0; i < end; ++i) co_yield i;
}

std::string outcome_of(const std::string& where) {
    testing::temporary_directory place;
    const std::string path = place.path() + "/client.py";
    std::ofstream{path} << script;
    const std::string out = place.path() + "/out";
    const bool went_well =
        runs("true") &&
        std::system(("/usr/bin/python3 " + path + " " + where + " >" + out + " 2>&1").c_str()) == 0;
    std::ifstream from{out};
    const std::string told{std::istreambuf_iterator<char>{from}, {}};
    return went_well ? told : "it failed: " + told;
}

TEST(Python, CallsAServerInTwentyLines) {
    if (!runs("/usr/bin/python3 -c 'import msgpack'"))
        GTEST_SKIP() << "Debian's python3 has no msgpack";
    testing::temporary_directory place;
    server sums{"unix://" + place.path() + "/sums"};
    const std::string by_tcp = sums.listen("tcp://127.0.0.1:0");
    sums.handle("add", [](int a, int b) { return a + b; });
    sums.handle("greet", [](const person& who) {
        return "Hello " + who.name + ", " + std::to_string(who.age);
    });
    sums.handle("list", count_to);
    sums.handle("fail", [] { throw std::out_of_range{"no"}; });
    sums.serve_in_background(1);
    const std::string wanted =
        "5 Hello Ada, 36 [0, 1, 2]\nbad_arguments unknown_method std::out_of_range\n";
    EXPECT_EQ(outcome_of("unix:" + place.path() + "/sums"), wanted);
    EXPECT_EQ(outcome_of("tcp:" + by_tcp.substr(6)), wanted);
}

}  // namespace
}  // namespace signet::tests
