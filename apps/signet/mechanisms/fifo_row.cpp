// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hpp"
#include "stream_end.hpp"

#include <signet/os/fifo.hpp>

namespace signet::command {
namespace {

class fifo_exchange final : public exchange {
public:
    explicit fifo_exchange(const std::string& directory) : place_{os::directory::open(directory)} {}

    std::unique_ptr<mechanism_end> asking() override { return end("back", "there"); }
    std::unique_ptr<mechanism_end> answering() override { return end("there", "back"); }

private:
    // A reader opens at once, a writer waits for one; so both begin as readers.
    std::unique_ptr<mechanism_end> end(const char* from, const char* to) {
        auto reader = os::fifo_reader::open(place_, from, os::when_writers_go::report);
        auto writer = os::fifo_writer::open(place_, to, never);
        return std::make_unique<stream_end<os::fifo_reader, os::fifo_writer>>(std::move(reader),
                                                                              std::move(*writer));
    }

    os::directory place_;
    os::fifo there_{place_, "there"};
    os::fifo back_{place_, "back"};
};

}  // namespace

mechanism fifo_row() {
    return {.name = "named pipe",
            .header = "signet/os/fifo.hpp",
            .boundaries = false,
            .direction = "one way",
            .persistence = "the name until it is removed, bytes until the last user is gone",
            .left_behind = "the name, which its next owner takes over",
            .use_when = "programs that are not related exchange bytes, shell scripts among them",
            .prepare = [](const std::string& directory) -> std::unique_ptr<exchange> {
                return std::make_unique<fifo_exchange>(directory);
            }};
}

}  // namespace signet::command
