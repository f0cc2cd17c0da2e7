// SPDX-License-Identifier: Apache-2.0
// A file for each direction, which nobody touches without the lock on it: empty, or a message.
#include "catalogue.hpp"
#include "mechanism.hpp"

#include <signet/os/file.hpp>
#include <signet/sync.hpp>

#include <mutex>
#include <thread>
#include <utility>

namespace signet::command {
namespace {

class locked_file {
public:
    explicit locked_file(const std::string& path)
        : lock_{path + ".lock"}, content_{os::file::open_or_create(path)} {}

    void send(std::span<const std::byte> message) {
        when([](std::uint64_t bytes) { return bytes == 0; },
             [&] { content_.write_at(0, message); });
    }
    void receive(std::span<std::byte> buffer) {
        when([](std::uint64_t bytes) { return bytes != 0; },
             [&] {
                 content_.read_at(0, buffer);
                 content_.resize(0);
             });
    }

private:
    template <class Ready, class Step>
    void when(Ready ready, Step&& step) {
        for (;; std::this_thread::yield()) {
            const std::scoped_lock mine{lock_};
            if (ready(content_.size())) return step();
        }
    }

    file_lock lock_;
    os::file content_;
};

class file_lock_end final : public mechanism_end {
public:
    file_lock_end(const std::string& directory, const std::string& mouth, const std::string& ear)
        : mouth_{directory + '/' + mouth}, ear_{directory + '/' + ear} {}

    void send(std::span<const std::byte> message) override { mouth_.send(message); }
    void receive(std::span<std::byte> buffer) override { ear_.receive(buffer); }

private:
    locked_file mouth_;
    locked_file ear_;
};

class file_lock_exchange final : public exchange {
public:
    explicit file_lock_exchange(std::string directory) : directory_{std::move(directory)} {}

    std::unique_ptr<mechanism_end> asking() override {
        return std::make_unique<file_lock_end>(directory_, "there", "back");
    }
    std::unique_ptr<mechanism_end> answering() override {
        return std::make_unique<file_lock_end>(directory_, "back", "there");
    }

private:
    std::string directory_;
};

}  // namespace

mechanism file_lock_row() {
    return {.name = "file lock",
            .header = "signet/sync/file_lock.hpp",
            .boundaries = true,
            .direction = "any to any",
            .persistence = "as long as its holder",
            .left_behind = "nothing: the kernel lets it go",
            .use_when = "programs that know nothing but a path must not run at the same time",
            .prepare = [](const std::string& directory) -> std::unique_ptr<exchange> {
                return std::make_unique<file_lock_exchange>(directory);
            }};
}

}  // namespace signet::command
