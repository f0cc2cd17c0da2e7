// SPDX-License-Identifier: Apache-2.0
// A call that waits for its answer, built from parts that wait for nobody: a shared object with the
// question and the answer, and an event that wakes the server. One caller at a time; it gives up
// where the answer does not come.
#include <signet/error.hpp>
#include <signet/shared.hpp>
#include <signet/sync.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <optional>

using namespace std::chrono_literals;

struct desk {
    std::uint64_t asked;     // how many questions there were
    std::uint64_t answered;  // which of them the answer is for
    double question;
    double answer;
};

class office {
public:
    office()
        : in_{"example/office"},
          desk_{in_, "desk"},
          bell_{in_, "bell", signet::event_reset::automatic},
          close_{in_, "close"},
          turn_{in_, "turn", {.repair = [] {}}} {}  // who died asking has left the desk whole

    std::optional<double> square_of(double number, std::chrono::milliseconds patience) {
        const std::scoped_lock mine{turn_};
        const std::uint64_t asked = desk_.with([&](desk& now) {
            now.question = number;
            return ++now.asked;
        });
        bell_.set();
        const auto seen =
            desk_.wait_for(patience, [&](const desk& now) { return now.answered == asked; });
        return seen ? std::optional{seen->answer} : std::nullopt;
    }

    /// Answers until the office is closed. Who dies in the middle leaves the question on the desk.
    void serve() {
        while (!close_.is_set()) {
            bell_.wait_for(100ms);
            const desk now = desk_.read();
            if (now.answered == now.asked) continue;
            desk_.with([&](desk& then) {
                then.answer = now.question * now.question;
                then.answered = now.asked;
            });
        }
    }

    void close() {
        close_.set();
        bell_.set();
    }

private:
    signet::region in_;
    signet::shared<desk> desk_;
    signet::event bell_;
    signet::event close_;
    signet::mutex turn_;
};

int main() try {
    signet::region::remove("example/office");  // what an earlier run left
    const pid_t server = fork();
    if (server == 0) {
        office{}.serve();
        _exit(0);
    }
    office here;
    for (const double number : {3.0, 7.0, 11.0}) {
        const std::optional<double> square = here.square_of(number, 20s);
        std::printf("%g squared is %g\n", number, square.value_or(0));
    }
    here.close();
    waitpid(server, nullptr, 0);
    if (!here.square_of(5, 10ms)) std::printf("nobody answers\n");
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "request_answer: %s\n", problem.what());
    return 1;
}
