// SPDX-License-Identifier: Apache-2.0
// Clients that know nothing of Signet and speak JSON-RPC 2.0: plain sockets, unix and TCP.
#include <signet/service.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/wire/json_rpc_samples_test.hpp>
#include <signet/wire/mutator_test.hpp>

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace signet::tests {
namespace {

using namespace std::string_literals;
using testing::eventually;

/// A client in the manner of any language: it connects, sends text, and reads lines.
class plain_client {
public:
    explicit plain_client(std::string_view address) {
        const bool local = address.starts_with("unix://");
        socket_ = ::socket(local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        local ? connect_to_path(address.substr(7))
              : connect_to_port(address.substr(address.rfind(':') + 1));
    }
    ~plain_client() { ::close(socket_); }
    plain_client(const plain_client&) = delete;
    plain_client& operator=(const plain_client&) = delete;

    void send(std::string_view text) {
        while (!text.empty()) {
            const auto sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent < 0) throw std::runtime_error{"send"};
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    /// The next line, with its end; less where the server has ended the conversation.
    std::string line() {
        std::size_t end = 0;
        while ((end = read_.find('\n')) == std::string::npos && read_more()) {
        }
        const std::string next = read_.substr(0, end == std::string::npos ? end : end + 1);
        read_.erase(0, next.size());
        return next;
    }

    std::string ask(std::string_view text) {
        send(text);
        return line();
    }

private:
    void connect_to_path(std::string_view path) {
        sockaddr_un to{};
        to.sun_family = AF_UNIX;
        std::memcpy(to.sun_path, path.data(), path.size());
        connect(to);
    }
    void connect_to_port(std::string_view port) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(std::string{port})));
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connect(to);
    }
    template <class Address>
    void connect(const Address& to) {
        const auto* const any = reinterpret_cast<const sockaddr*>(&to);
        if (::connect(socket_, any, sizeof to) != 0) throw std::runtime_error{"connect"};
    }

    bool read_more() {
        char piece[4096];
        const auto got = ::recv(socket_, piece, sizeof piece, 0);
        if (got > 0) read_.append(piece, static_cast<std::size_t>(got));
        return got > 0;
    }

    int socket_ = -1;
    std::string read_;
};

struct data {
    std::string text;
    int number;
};

enum class carried_by { unix_socket, tcp };

class JsonClients : public ::testing::TestWithParam<carried_by> {
protected:
    JsonClients() {
        server_.handle("subtract", [](int a, int b) { return a - b; }, {"minuend", "subtrahend"});
        server_.handle("sum", [](int a, int b, int c) { return a + b + c; });
        server_.handle("get_data", [] { return data{"hello", 5}; });
        server_.handle("fail", [](const std::string& why) { throw std::out_of_range{why}; });
        server_.handle("ask_back", [] { return current_call()->call<int>("answer"); });
        server_.handle("large", [](std::size_t n) { return std::string(n, 'x'); });
        server_.handle("hold", [this] {
            ++held_;
            const std::stop_token stop = current_call()->stop_token();
            eventually([&] { return stop.stop_requested() || let_go_; });
            if (stop.stop_requested()) ++stopped_;
        });
    }
    ~JsonClients() override { let_go_ = true; }

    const std::string& address() const {
        return GetParam() == carried_by::tcp ? tcp_ : server_.address();
    }

    std::atomic<int> held_ = 0;
    std::atomic<int> stopped_ = 0;
    std::atomic<bool> let_go_ = false;
    testing::temporary_directory place_;
    server server_{"unix://" + place_.path() + "/service",
                   {.calls_per_client_max = 64, .message_bytes_max = 1 << 20}};
    std::string tcp_ = server_.listen("tcp://127.0.0.1:0");
};

/// A call that each server here answers, and its answer.
constexpr std::string_view last_call =
    R"({"jsonrpc":"2.0","method":"subtract","params":[3,1],"id":"last"})";
const std::string last_answer = "{\"jsonrpc\":\"2.0\",\"result\":2,\"id\":\"last\"}\n";

std::string call(std::string_view method, std::string_view params, int id = 1) {
    return R"({"jsonrpc":"2.0","method":")" + std::string{method} + R"(","params":)" +
           std::string{params} + ",\"id\":" + std::to_string(id) + "}";
}

TEST_P(JsonClients, AreAnsweredAsTheSpecificationShows) {
    server_.serve_in_background(1);
    plain_client one{address()};
    for (const auto& example : wire::samples::json_rpc_examples) {
        const std::string expected = wire::samples::compact(example.answered);
        one.send(std::string{example.sent} + "\n");
        EXPECT_EQ(expected.empty() ? "\n" : one.line(), expected + "\n") << example.name;
        EXPECT_EQ(one.ask(last_call), last_answer) << example.name;
    }
}

TEST_P(JsonClients, AreUnderstoodWhateverTheyBeginWith) {
    server_.serve_in_background(1);
    for (const std::string_view begin : {"", " ", "\n", "\r\n\t"}) {
        plain_client one{address()};
        one.send(begin);
        EXPECT_EQ(one.ask(last_call), last_answer);
    }
}

TEST_P(JsonClients, AreUnderstoodByteByByte) {
    server_.serve_in_background(1);
    plain_client one{address()};
    for (const char c : last_call) one.send({&c, 1});
    EXPECT_EQ(one.line(), last_answer);
}

TEST_P(JsonClients, LearnHowACallFailed) {
    server_.serve_in_background(1);
    plain_client one{address()};
    EXPECT_EQ(one.ask(call("fail", R"(["too far"])")),
              R"({"jsonrpc":"2.0","error":{"code":-32000,"message":"too far","data":)"
              R"({"type":"std::out_of_range","ran":"yes"}},"id":1})"
              "\n");
    const std::string wrong = one.ask(call("sum", "[1,2]"));
    EXPECT_NE(wrong.find(R"("code":-32602,"message":"Invalid params","data":"it takes (i32, i32)"),
              std::string::npos)
        << wrong;
    EXPECT_NE(one.ask(call("subtract", R"({"x":1})")).find("'minuend', 'subtrahend'"),
              std::string::npos);
}

TEST_P(JsonClients, AreNotCalledThemselves) {
    server_.serve_in_background(1);
    plain_client one{address()};
    const std::string refused = one.ask(call("ask_back", "[]"));
    EXPECT_NE(refused.find("speaks JSON-RPC, and is answered only"), std::string::npos) << refused;
}

TEST_P(JsonClients, LearnThatAnAnswerIsTooLarge) {
    server_.serve_in_background(1);
    plain_client one{address()};
    const std::string refused = one.ask(call("large", "[2000000]"));
    EXPECT_NE(refused.find("message_bytes_max is 1048576"), std::string::npos) << refused;
    EXPECT_EQ(one.ask(call("large", "[1000000]")).size(), 1'000'000 + 37u);
}

TEST_P(JsonClients, AreServedBesideOthers) {
    server_.serve_in_background(2);
    std::vector<std::jthread> threads;
    std::atomic<int> right = 0;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            plain_client one{address()};
            for (int n = 0; n < 300; ++n) right += one.ask(last_call) == last_answer ? 1 : 0;
        });
        threads.emplace_back([&] {
            client sums{server_.address()};
            for (int n = 0; n < 300; ++n) right += sums.call<int>("subtract", n, 1) == n - 1;
        });
    }
    threads.clear();
    EXPECT_EQ(right, 6 * 300);
}

TEST_P(JsonClients, CancelTheirCallsByDying) {
    server_.serve_in_background(2);
    {
        plain_client one{address()};
        one.send(call("hold", "[]"));
        EXPECT_TRUE(eventually([&] { return held_ == 1; }));
    }
    EXPECT_TRUE(eventually([&] { return stopped_ == 1; }));
}

TEST_P(JsonClients, CancelACallByItsId) {
    server_.serve_in_background(2);
    plain_client one{address()};
    one.send(call("hold", "[]", 7));
    EXPECT_TRUE(eventually([&] { return held_ == 1; }));
    EXPECT_EQ(one.ask(R"({"jsonrpc":"2.0","method":"signet.cancel","params":[7]})"),
              "{\"jsonrpc\":\"2.0\",\"result\":null,\"id\":7}\n");
    EXPECT_EQ(stopped_, 1);
}

TEST_P(JsonClients, AreNotReadWhileTheyDoNotRead) {
    server_.serve_in_background(2);
    plain_client one{address()};
    std::jthread writer{[&] {
        for (int i = 0; i < 500; ++i) one.send(call("large", "[50000]", i) + "[]");
    }};
    client other{server_.address()};
    for (int i = 0; i < 100; ++i) EXPECT_EQ(other.call<int>("subtract", 3, 1), 2);
    EXPECT_LT(server_.counts().served, 500u);
    for (int i = 0; i < 1000; ++i) EXPECT_NE(one.line(), "");
    writer.join();
    EXPECT_EQ(one.ask(last_call), last_answer);
}

TEST_P(JsonClients, MayHaveMoreCallsInABatchThanMayBeUnderWay) {
    server_.serve_in_background(2);
    plain_client one{address()};
    std::string batch;
    std::string answers;
    for (int i = 0; i < 1000; ++i) {
        batch += (i == 0 ? "[" : ",") + call("sum", "[1,2,3]", i);
        answers += (i == 0 ? "[" : ",") + R"({"jsonrpc":"2.0","result":6,"id":)"s +
                   std::to_string(i) + "}";
    }
    EXPECT_EQ(one.ask(batch + "]"), answers + "]\n");
}

TEST_P(JsonClients, GetTheAnswersOfABatchWholeHoweverManyBytesTheyAre) {
    server_.serve_in_background(1);
    plain_client one{address()};
    std::string batch = "[" + call("large", "[4000]");
    for (int i = 1; i < 500; ++i) batch += "," + call("large", "[4000]");
    EXPECT_GT(one.ask(batch + "]").size(), std::size_t{500} * 4000);
    EXPECT_EQ(one.ask(last_call), last_answer);
}

TEST_P(JsonClients, AreEndedWithWhereATextHasNoEnd) {
    server_.serve_in_background(1);
    plain_client one{address()};
    std::jthread writer{[&] {
        try {
            for (one.send("[\"");;) one.send(std::string(100'000, 'x'));
        } catch (const std::runtime_error&) {  // it is closed
        }
    }};
    EXPECT_EQ(one.line(), "");
    EXPECT_TRUE(eventually([&] { return server_.counts().garbage == 1; }));
}

TEST_P(JsonClients, MayDoWhatTheyLike) {
    server_.serve_in_background(2);
    wire::mutator change{4};
    for (int i = 0; i < 500; ++i) {
        const auto& example = wire::samples::json_rpc_examples[change.below(14)];
        const auto all = std::as_bytes(std::span{example.sent});
        const auto tampered = change.mutate({all.begin(), all.end()});
        plain_client one{address()};
        one.send({reinterpret_cast<const char*>(tampered.data()), tampered.size()});
    }
    EXPECT_EQ(plain_client{address()}.ask(last_call), last_answer);
}

INSTANTIATE_TEST_SUITE_P(Over, JsonClients,
                         ::testing::Values(carried_by::unix_socket, carried_by::tcp),
                         [](const auto& of) {
                             return of.param == carried_by::tcp ? "Tcp" : "Unix";
                         });

TEST(NamesOfArguments, AreThereForAllOrForNone) {
    const testing::temporary_directory place;
    server sums{"unix://" + place.path() + "/service"};
    const auto add = [](int a, int b) { return a + b; };
    EXPECT_THROW(sums.handle("add", add, {"a"}), contract_violation);
    EXPECT_THROW(sums.handle("add", add, {"a", "b", "c"}), contract_violation);
    EXPECT_THROW(sums.handle("add", add, {"a", "a"}), contract_violation);
    sums.handle("add", add, {"a", "b"});
}

}  // namespace
}  // namespace signet::tests
