// SPDX-License-Identifier: Apache-2.0
// Messages of 256 bytes that are safe on a disk when their push returns: eight processes that push
// to a queue of Signet's; eight that insert into a table of SQLite (WAL, synchronous=FULL), where
// the build has found it; and one writer that puts eight at a time behind the last with pwrite and
// fdatasync, in a file that was filled before. In turns, a slice each, in one directory; medians of
// messages a second.
//
//     peer_durable [DIRECTORY [SLICES]]
#include <signet/queue.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <string>
#include <system_error>
#include <vector>

#ifdef PEER_SQLITE
#include <sqlite3.h>
#endif

namespace {

constexpr int pushers = 8;
constexpr int messages_each = 250;
constexpr std::size_t message_bytes = 256;

using message = std::array<std::byte, message_bytes>;

void require(bool done, const char* what) {
    if (!done) throw std::system_error{errno, std::generic_category(), what};
}

/// Messages a second of `count`, while `work` goes on.
double rate_of(int count, const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    return count / took.count();
}

/// All pushers of a slice, each a process of its own that waits until all are ready, and says when
/// its last message is safe.
double rate_of_pushers(const std::function<std::function<void()>()>& open) {
    std::array<int, 2> told{};
    std::array<int, 2> go{};
    require(::pipe(told.data()) == 0 && ::pipe(go.data()) == 0, "pipe");
    std::vector<pid_t> children;
    for (int i = 0; i < pushers; ++i) {
        const pid_t child = ::fork();
        require(child >= 0, "fork");
        if (child == 0) {
            const auto push = open();
            char mark = 0;
            ::close(go[1]);
            if (::write(told[1], &mark, 1) != 1 || ::read(go[0], &mark, 1) < 0) ::_exit(1);
            for (int k = 0; k < messages_each; ++k) push();
            ::_exit(::write(told[1], &mark, 1) == 1 ? 0 : 1);
        }
        children.push_back(child);
    }
    ::close(told[1]);
    const auto all_told = [&] {
        char mark = 0;
        for (int i = 0; i < pushers; ++i) require(::read(told[0], &mark, 1) == 1, "a pusher");
    };
    all_told();
    const double rate = rate_of(pushers * messages_each, [&] {
        ::close(go[1]);
        all_told();
    });
    for (const pid_t child : children) {
        int status = 0;
        require(::waitpid(child, &status, 0) == child && status == 0, "a pusher");
    }
    ::close(told[0]);
    ::close(go[0]);
    return rate;
}

/// One writer, eight messages a sync.
class raw_log {
public:
    explicit raw_log(const std::string& path) : fd_{::open(path.c_str(), O_RDWR | O_CREAT, 0600)} {
        require(fd_ >= 0, "open");
        const std::vector<char> zeros(bytes_);
        require(::pwrite(fd_, zeros.data(), zeros.size(), 0) > 0 && ::fsync(fd_) == 0, "fill");
    }
    ~raw_log() { ::close(fd_); }
    raw_log(const raw_log&) = delete;
    raw_log& operator=(const raw_log&) = delete;

    double slice() {
        constexpr int count = pushers * messages_each;
        const std::vector<char> batch(pushers * message_bytes, 'x');
        return rate_of(count, [&] {
            for (int i = 0; i < count; i += pushers) {
                const auto bytes = static_cast<ssize_t>(batch.size());
                require(::pwrite(fd_, batch.data(), batch.size(), at_) == bytes, "pwrite");
                require(::fdatasync(fd_) == 0, "fdatasync");
                at_ = (at_ + bytes) % static_cast<off_t>(bytes_ - batch.size());
            }
        });
    }

private:
    std::size_t bytes_ = std::size_t{64} << 20;
    int fd_;
    off_t at_ = 0;
};

class signet_queue {
public:
    explicit signet_queue(const std::string& path) : address_{"file://" + path} {
        const signet::queue<message> made{address_};
    }

    double slice() {
        const double rate = rate_of_pushers([this]() -> std::function<void()> {
            auto jobs = std::make_shared<signet::queue<message>>(address_);
            return [jobs] { jobs->push(message{}); };
        });
        signet::queue<message>{address_}.purge();
        return rate;
    }

private:
    std::string address_;
};

#ifdef PEER_SQLITE
class sqlite_table {
public:
    explicit sqlite_table(std::string path) : path_{std::move(path)} {
        run(open().get(), "CREATE TABLE jobs (body BLOB)");
    }

    double slice() {
        return rate_of_pushers([this]() -> std::function<void()> {
            auto base = open();
            return [base] { run(base.get(), "INSERT INTO jobs VALUES (zeroblob(256))"); };
        });
    }

private:
    std::shared_ptr<sqlite3> open() const {
        sqlite3* base = nullptr;
        const int opened = sqlite3_open(path_.c_str(), &base);
        std::shared_ptr<sqlite3> owned{base, &sqlite3_close};
        if (opened != SQLITE_OK) throw std::runtime_error{"sqlite3_open"};
        sqlite3_busy_timeout(base, 60'000);
        run(base, "PRAGMA journal_mode=WAL");
        run(base, "PRAGMA synchronous=FULL");
        return owned;
    }
    static void run(sqlite3* base, const char* what) {
        if (sqlite3_exec(base, what, nullptr, nullptr, nullptr) == SQLITE_OK) return;
        throw std::runtime_error{std::string{what} + ": " + sqlite3_errmsg(base)};
    }

    std::string path_;
};
#endif

double median(std::vector<double> all) {
    std::sort(all.begin(), all.end());
    return all[all.size() / 2];
}

void compare(const std::string& in, int slices) {
    raw_log raw{in + "/raw"};
    signet_queue ours{in + "/queue"};
#ifdef PEER_SQLITE
    sqlite_table base{in + "/base"};
#endif
    std::vector<double> raws, own, ratios, bases, aheads;
    for (int i = 0; i < slices; ++i) {
        raws.push_back(raw.slice());
        own.push_back(ours.slice());
        ratios.push_back(own.back() / raws.back());
#ifdef PEER_SQLITE
        bases.push_back(base.slice());
        aheads.push_back(own.back() / bases.back());
#endif
    }
    std::printf("one writer, pwrite and fdatasync of eight  %8.0f a second\n", median(raws));
    std::printf(
        "Signet, eight pushers                      %8.0f  %6.2f x  (wanted: at least 0.7)\n",
        median(own), median(ratios));
    if (bases.empty()) return;
    std::printf("SQLite, eight pushers, WAL, FULL           %8.0f  %6.2f x  (wanted: at least 1)\n",
                median(bases), median(aheads));
}

}  // namespace

int main(int count, char** arguments) try {
    std::string in = std::string{count > 1 ? arguments[1] : "."} + "/peer-durable-XXXXXX";
    require(::mkdtemp(in.data()) != nullptr, "mkdtemp");
    in = std::filesystem::absolute(in);
    compare(in, count > 2 ? std::atoi(arguments[2]) : 15);
    std::filesystem::remove_all(in);
    return 0;
} catch (const std::exception& problem) {
    std::fprintf(stderr, "peer_durable: %s\n", problem.what());
    return 1;
}
