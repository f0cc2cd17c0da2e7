// SPDX-License-Identifier: Apache-2.0
// A pool of workers, `signet pop --exec`, over the files below /usr/include, while workers are
// killed at random: prove_workers [--files 25000] [--workers 3] [--seed 1]. What they did is what
// one process does alone. One line of summary; status 1 on a fault.
#include <signet/os/child.hpp>
#include <signet/queue.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using signet::os::child;
namespace files = std::filesystem;

struct pool_options {
    std::size_t files = 25000;
    std::size_t workers = 3;
    unsigned seed = 1;
};

/// So many of them, spread over all.
std::vector<std::string> paths_of(std::size_t count) {
    std::vector<std::string> all;
    for (const auto& one : files::recursive_directory_iterator{"/usr/include"}) {
        if (one.is_regular_file() && !one.is_symlink()) all.push_back(one.path());
    }
    std::sort(all.begin(), all.end());
    if (all.size() <= count) return all;
    std::vector<std::string> chosen;
    for (std::size_t i = 0; i < count; ++i) chosen.push_back(all[i * all.size() / count]);
    return chosen;
}

std::multiset<std::string> lines_of(const std::string& path) {
    std::multiset<std::string> lines;
    std::ifstream file{path};
    for (std::string line; std::getline(file, line);) lines.insert(line);
    return lines;
}

std::set<std::string> unique(const std::multiset<std::string>& lines) {
    return {lines.begin(), lines.end()};
}

void run(const std::string& line) {
    child shell = child::spawn({"/bin/sh", "-c", line});
    if (shell.handle().wait(signet::never) != signet::os::exit_status{}) {
        throw std::runtime_error{"failed: " + line};
    }
}

class pool {
public:
    explicit pool(const pool_options& options)
        : options_{options}, chance_{options.seed}, paths_{paths_of(options.files)} {
        setenv("SIGNET_DIR", place_.path().c_str(), 1);
        std::ofstream list{list_};
        for (const std::string& path : paths_) list << path << '\n';
        std::ofstream{done_};
    }

    int prove() {
        run("xargs -d '\\n' sha256sum <" + list_ + " >" + alone_);
        run(std::string{SIGNET_COMMAND} + " push files --lines <" + list_);
        work_while_some_are_killed();
        workers_.clear();
        return tell();
    }

private:
    child start() const {
        return child::spawn({SIGNET_COMMAND, "pop", "files", "--follow", "--keep-going", "--retry",
                             "0.01", "--exec", "sha256sum {} >>" + done_});
    }

    /// Lines, about: those of the files here have about so many bytes.
    std::uintmax_t done_bytes() const { return files::file_size(done_); }

    void work_while_some_are_killed() {
        for (std::size_t i = 0; i < options_.workers; ++i) workers_.push_back(start());
        signet::queue<std::string> queue{"files"};
        while (!over(queue)) {
            const std::uintmax_t until = done_bytes() + 1 + chance_() % 2000;
            if (!signet::testing::eventually([&] { return done_bytes() >= until || over(queue); }))
                throw std::runtime_error{"nothing is done any more"};
            child& victim = workers_[chance_() % workers_.size()];
            victim.handle().send_signal(SIGKILL);
            victim = start();
            ++kills_;
        }
        left_ = queue.account();
    }

    /// Looked at from where all may be done.
    bool over(const signet::queue<std::string>& queue) const {
        if (done_bytes() < bytes_alone()) return false;
        const auto account = queue.account();
        return account.length + account.in_flight + account.delayed == 0;
    }
    std::uintmax_t bytes_alone() const { return files::file_size(alone_); }

    int tell() const {
        const auto did = lines_of(done_);
        const auto wanted = unique(lines_of(alone_));
        const bool same = unique(did) == wanted;
        std::printf("%zu files, %d kills, %zu done more than once, %s\n", paths_.size(), kills_,
                    did.size() - unique(did).size(),
                    same ? "as one process alone" : "NOT as one process alone");
        if (left_.dead_letters != 0) std::puts("there are dead letters");
        return same && left_.dead_letters == 0 ? 0 : 1;
    }

    pool_options options_;
    std::mt19937 chance_;
    std::vector<std::string> paths_;
    signet::testing::temporary_directory place_;
    signet::testing::temporary_directory results_;
    std::string list_ = results_.path() + "/list";
    std::string alone_ = results_.path() + "/alone";
    std::string done_ = results_.path() + "/done";
    std::vector<child> workers_;
    signet::queue_account left_;
    int kills_ = 0;
};

}  // namespace

int main(int count, char** words) try {
    pool_options how;
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string option = words[i];
        if (option == "--files") how.files = std::strtoull(words[i + 1], nullptr, 10);
        if (option == "--workers") how.workers = std::strtoull(words[i + 1], nullptr, 10);
        if (option == "--seed") how.seed = static_cast<unsigned>(std::atoi(words[i + 1]));
    }
    return pool{how}.prove();
} catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return 1;
}
