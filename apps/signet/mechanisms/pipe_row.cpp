// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hpp"
#include "stream_end.hpp"

#include <signet/os/pipe.hpp>

namespace signet::command {
namespace {

class pipe_exchange final : public exchange {
public:
    std::unique_ptr<mechanism_end> asking() override { return end(back_, there_); }
    std::unique_ptr<mechanism_end> answering() override { return end(there_, back_); }

private:
    // What this process does not use is closed, so that the death of the other one is an end.
    static std::unique_ptr<mechanism_end> end(os::pipe_ends& from, os::pipe_ends& to) {
        from.writer.close();
        to.reader.close();
        return std::make_unique<stream_end<os::pipe_reader, os::pipe_writer>>(
            std::move(from.reader), std::move(to.writer));
    }

    os::pipe_ends there_ = os::pipe_ends::create();
    os::pipe_ends back_ = os::pipe_ends::create();
};

}  // namespace

mechanism pipe_row() {
    return {.name = "anonymous pipe",
            .header = "signet/os/pipe.hpp",
            .boundaries = false,
            .direction = "one way",
            .persistence = "until its last user is gone",
            .left_behind = "nothing; what it had written is read, then the end",
            .use_when = "a process and its child exchange bytes",
            .prepare = [](const std::string&) -> std::unique_ptr<exchange> {
                return std::make_unique<pipe_exchange>();
            }};
}

}  // namespace signet::command
