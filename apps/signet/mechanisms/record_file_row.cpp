// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hpp"

#include <signet/base/error.hpp>
#include <signet/os/record_file.hpp>

#include <algorithm>

namespace signet::command {
namespace {

class record_end : public mechanism_end {
public:
    record_end(const std::string& out, const std::string& in)
        : writer_{os::record_writer::open(out)}, reader_{in} {}

    void send(std::span<const std::byte> message) override { writer_.append(message); }

    void receive(std::span<std::byte> buffer) override {
        const bool there = reader_.next(never) == os::reading::record;
        const std::span<const std::byte> record = reader_.record();
        if (!there || record.size() != buffer.size()) {
            throw error{errc::peer_misbehaved, "read a record of", reader_.content().path(),
                        "it is not the message that was to come"};
        }
        std::copy(record.begin(), record.end(), buffer.begin());
    }

private:
    os::record_writer writer_;
    os::record_reader reader_;
};

// A file for each direction.
class record_exchange : public exchange {
public:
    explicit record_exchange(const std::string& directory)
        : asks_{directory + "/asks"}, answers_{directory + "/answers"} {
        for (const std::string& path : {asks_, answers_}) os::record_writer::create(path).clear();
    }

    ~record_exchange() override {
        for (const std::string& path : {asks_, answers_}) {
            try {
                os::remove_file(path);
            } catch (const error&) {  // the whole directory is removed after us
            }
        }
    }

    std::unique_ptr<mechanism_end> asking() override {
        return std::make_unique<record_end>(asks_, answers_);
    }
    std::unique_ptr<mechanism_end> answering() override {
        return std::make_unique<record_end>(answers_, asks_);
    }

private:
    std::string asks_;
    std::string answers_;
};

std::unique_ptr<exchange> prepare(const std::string& directory) {
    return std::make_unique<record_exchange>(directory);
}

}  // namespace

mechanism record_file_row() {
    return {.name = "file",
            .header = "signet/os/record_file.hpp",
            .boundaries = true,
            .direction = "any to any",
            .persistence = "until it is removed",
            .message_bytes_max = os::record_bytes_max,
            .left_behind = "a torn last record, cut off by the next writer",
            .use_when = "what is said must be there later, too: a log, a journal, settings",
            .stream_bytes = 16384,
            .prepare = &prepare};
}

}  // namespace signet::command
