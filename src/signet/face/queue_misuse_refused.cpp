// SPDX-License-Identifier: Apache-2.0
// Must not compile: a test sees to it for each MISUSE. What becomes of a message is said once, so
// that there are never two of it; a loan that was pushed is gone; and what one process points to,
// another one cannot follow.
#include <signet/queue.hpp>

namespace {

struct job {
    int number;
};

[[maybe_unused]] void misuse(signet::queue<job>& jobs) {
#if MISUSE == 0
    auto message = jobs.pop();
    message.ack();  // as it should be: the others fail by one line each
#elif MISUSE == 1
    auto message = jobs.pop();
    auto twin = message;
    message.ack();
    twin.ack();
#elif MISUSE == 2
    auto loan = jobs.loan();
    jobs.push(loan);
    jobs.push(loan);
#elif MISUSE == 3
    struct list {
        int value;
        list* next;
    };
    const signet::queue<list> lists{"lists"};
#elif MISUSE == 4
    auto message = jobs.pop();
    message->number = 0;  // others may get it after us
#elif MISUSE == 5
    const auto message = signet::queue<job>{"jobs"}.pop();  // it would be gone with its queue
#endif
}

}  // namespace
