// SPDX-License-Identifier: Apache-2.0
// `signet cat` with others: socat, netcat, a shell. Each talks in lines, and knows nothing of
// Signet.
#include "command_run.hpp"

#include <signet/face/carriers.hpp>

#include <algorithm>
#include <cstdlib>

namespace signet::testing {
namespace {

class InteropTest : public CommandTest {
protected:
    /// What became of "from signet" sent by a `signet cat --listen` at `address`, and of "from the
    /// other" sent by `other`, a line for the shell in which $PORT is the port.
    outcome talk(const std::string& address, const std::string& other) {
        return start_shell("cd " + place_.path() + R"(
            printf 'from signet\n' | $SIGNET cat --listen )" +
                           address + R"( >received 2>told & listening=$!
            until grep -q 'listening at' told; do kill -0 $listening || exit 1; done
            PORT=$(sed -n 's/.*listening at .*:\([0-9]*\)$/\1/p' told)
            )" + other + R"(
            wait $listening; echo "status $?"; cat received)")
            .wait();
    }

    std::string path() const { return place_.path() + "/end"; }
    std::string unix_address() const { return "unix://" + path(); }

    temporary_directory place_;
};

constexpr const char* whole = "from signet\nstatus 0\nfrom the other\n";

bool is_installed(const std::string& program) {
    return std::system(("command -v " + program + " >/dev/null").c_str()) == 0;
}

bool has_carrier(std::string_view scheme) {
    const auto all = face::carriers();
    return std::any_of(all.begin(), all.end(), [&](const transport::carrier* one) {
        return one->facts().scheme == scheme;
    });
}

TEST_F(InteropTest, SocatTalksOverAUnixSocket) {
    if (!is_installed("socat")) GTEST_SKIP() << "there is no socat";
    const outcome told =
        talk(unix_address(), "echo 'from the other' | socat -t 60 - UNIX-CONNECT:" + path());
    EXPECT_EQ(told.out, whole) << told.err;
}

TEST_F(InteropTest, NetcatTalksOverAUnixSocket) {
    if (!is_installed("nc")) GTEST_SKIP() << "there is no netcat";
    const outcome told = talk(unix_address(), "echo 'from the other' | nc -N -U " + path());
    EXPECT_EQ(told.out, whole) << told.err;
}

TEST_F(InteropTest, SocatIsConnectedTo) {
    if (!is_installed("socat")) GTEST_SKIP() << "there is no socat";
    running shell = start_shell("cd " + place_.path() + R"(
        echo 'from the other' | socat -t 60 - UNIX-LISTEN:end >received & listening=$!
        until [ -S end ]; do kill -0 $listening || exit 1; done
        until echo 'from signet' | $SIGNET cat unix://$PWD/end 2>told; do :; done
        wait $listening; cat received)");
    EXPECT_EQ(shell.wait().out, "from the other\nfrom signet\n");
}

TEST_F(InteropTest, SocatTalksOverTcp) {
    if (!has_carrier("tcp")) GTEST_SKIP() << "there is no carrier called tcp";
    if (!is_installed("socat")) GTEST_SKIP() << "there is no socat";
    const outcome told =
        talk("tcp://127.0.0.1:0", "echo 'from the other' | socat -t 60 - TCP:127.0.0.1:$PORT");
    EXPECT_EQ(told.out, whole) << told.err;
}

TEST_F(InteropTest, NetcatTalksOverTcp) {
    if (!has_carrier("tcp")) GTEST_SKIP() << "there is no carrier called tcp";
    if (!is_installed("nc")) GTEST_SKIP() << "there is no netcat";
    const outcome told = talk("tcp://127.0.0.1:0", "echo 'from the other' | nc -N 127.0.0.1 $PORT");
    EXPECT_EQ(told.out, whole) << told.err;
}

TEST_F(InteropTest, SocatTalksOverUdp) {
    if (!is_installed("socat")) GTEST_SKIP() << "there is no socat";
    const outcome told = talk("udp://127.0.0.1:0", R"(
        echo 'from the other' | socat -t 60 - UDP:127.0.0.1:$PORT,shut-null,null-eof)");
    EXPECT_EQ(told.out, whole) << told.err;
}

TEST_F(InteropTest, NetcatIsHeardOverUdp) {
    if (!is_installed("nc")) GTEST_SKIP() << "there is no netcat";
    const outcome told = talk("--count 1 udp://127.0.0.1:0", R"(
        echo 'from the other' | nc -u -w 60 127.0.0.1 $PORT >/dev/null; echo 'from signet')");
    EXPECT_EQ(told.out, whole) << told.err;
}

TEST_F(InteropTest, AShellTalksOverNamedPipesByTheirNames) {
    const outcome told = talk("fifo://" + path(), R"(
        echo 'from the other' >end.in
        read -r line <end.out; echo "$line")");
    EXPECT_EQ(told.out, whole) << told.err;
}

TEST_F(InteropTest, AShellHoldsBothNamesOpen) {
    const outcome told = talk("fifo://" + path(), R"(
        exec 3>end.in 4<end.out
        echo 'from the other' >&3; read -r line <&4; echo "$line"
        exec 3>&- 4<&-)");
    EXPECT_EQ(told.out, whole) << told.err;
}

TEST_F(InteropTest, AShellAnswersAtNamesThatItMade) {
    running shell = start_shell("cd " + place_.path() + R"(
        mkfifo end.in end.out
        (while read -r line; do echo "got $line"; done) <end.in >end.out &
        printf 'one\ntwo\n' | $SIGNET cat fifo://$PWD/end)");
    const outcome told = shell.wait();
    EXPECT_EQ(told.out, "got one\ngot two\n") << told.err;
}

TEST_F(InteropTest, AProgramIsSocat) {
    if (!is_installed("socat")) GTEST_SKIP() << "there is no socat";
    const outcome echoed = run({"cat", "exec:socat -t 60 - EXEC:cat"}, "there and back\n");
    EXPECT_EQ(echoed.out, "there and back\n") << echoed.err;
}

// ---- TLS ----------------------------------------------------------------------------------------

class TlsInteropTest : public InteropTest {
protected:
    void SetUp() override {
        if (run({"carriers"}).out.find("tls://") == std::string::npos) {
            GTEST_SKIP() << "the command has no carrier called tls";
        }
        if (!is_installed("openssl")) GTEST_SKIP() << "there is no openssl";
    }

    /// `openssl s_client` with these options says a line to a `signet cat --listen`, which ends
    /// when it has it; both have certificates that they sign themselves, and trust each other.
    outcome talk_tls(const std::string& options) {
        return start_shell("cd " + place_.path() + R"(
            for name in ours theirs; do
                openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 \
                    -keyout $name.key -out $name.pem -subj /CN=$name 2>made || exit 1
            done
            (echo 'from signet'; until [ -s received ] || [ -e over ]; do sleep 0.01; done) |
                $SIGNET cat --listen tls://127.0.0.1:0 --tls-certificate ours.pem \
                    --tls-key ours.key --tls-authority theirs.pem >received 2>told & listening=$!
            until grep -q 'listening at' told; do kill -0 $listening || exit 1; done
            PORT=$(sed -n 's/.*listening at .*:\([0-9]*\)$/\1/p' told)
            echo 'from the other' | openssl s_client -quiet -connect 127.0.0.1:$PORT \
                -CAfile ours.pem -verify_return_error )" +
                           options + R"( 2>said; touch over
            wait $listening; echo "status $?"; cat received; cat told >&2)")
            .wait();
    }
};

TEST_F(TlsInteropTest, OpensslTalksWithACertificate) {
    const outcome told = talk_tls("-cert theirs.pem -key theirs.key");
    EXPECT_EQ(told.out, whole) << told.err;
}

TEST_F(TlsInteropTest, OpensslIsRefusedWithoutACertificate) {
    const outcome told = talk_tls("");
    EXPECT_EQ(told.out.find("from"), std::string::npos) << told.out;
    EXPECT_NE(told.out.find("status 1"), std::string::npos) << told.out;
    EXPECT_NE(told.err.find("certificate"), std::string::npos) << told.err;
}

}  // namespace
}  // namespace signet::testing
