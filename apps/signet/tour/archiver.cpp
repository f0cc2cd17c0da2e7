// SPDX-License-Identifier: Apache-2.0
// The role that streams the files of a directory, round and round. The kernel copies each piece
// from its file straight into the shared memory that the hasher reads.
#include <tour/file_list.hpp>
#include <tour/role.hpp>

#include <signet/os/directory.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tour {
namespace {

using namespace std::chrono_literals;

/// An open file, and what it was when it was opened.
struct source_file {
    signet::os::descriptor data;
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;
};

std::optional<source_file> open_file(const signet::os::directory& below, const std::string& name) {
    constexpr int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    source_file file{signet::os::descriptor{::openat(below.fd(), name.c_str(), flags)}};
    struct stat facts{};
    if (!file.data || ::fstat(file.data.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
        return std::nullopt;
    }
    file.size = static_cast<std::uint64_t>(facts.st_size);
    file.modified_ns = facts.st_mtim.tv_sec * 1'000'000'000 + facts.st_mtim.tv_nsec;
    return file;
}

class archiver {
public:
    explicit archiver(const orders& given)
        : directory_{signet::os::directory::open(given.files)},
          out_{topic_of(given.tour, "files")},
          reports_{given, role_id::archiver},
          names_{list_files(given.files)},
          ledger_{ledger::inherited()},
          promised_{ledger_[given.slot]} {}

    void run(const role_life& life, std::uint64_t first) {
        for (std::uint64_t next = first; !life.ended(); ++next) {
            if (reports_.due()) report();
            while (out_.subscribers() == 0 && !life.ended()) wait_for_hasher();
            const std::uint64_t file = names_.empty() ? 0 : next % names_.size();
            if (names_.empty() || !stream(file, life)) break;
        }
        report();
    }

private:
    void wait_for_hasher() {
        out_.wait_for_subscribers_for(1, 100ms);
        report();
    }

    /// False: asked to end. A file that cannot be read is passed over.
    bool stream(std::uint64_t index, const role_life& life) {
        const auto file = open_file(directory_, names_[index]);
        if (!file) {
            ++skipped_;
            return true;
        }
        ++files_;
        for (std::uint64_t offset = 0;;) {
            auto piece = out_.loan(life.stop());
            if (!piece) return false;
            describe(*piece, index, *file, offset);
            if (!read_into(*piece, *file)) return true;  // the hasher sees no end of it
            offset += piece->used;
            const bool last = piece->last != 0;
            if (!send(std::move(piece), life)) return false;
            if (last) return true;
        }
    }

    void describe(chunk& piece, std::uint64_t index, const source_file& file,
                  std::uint64_t offset) {
        piece.file = index;
        piece.offset = offset;
        piece.size = file.size;
        piece.modified_ns = file.modified_ns;
        put_text(piece.name, names_[index]);
    }

    bool read_into(chunk& piece, const source_file& file) {
        const ssize_t got = ::pread(file.data.get(), piece.data.data(), piece.data.size(),
                                    static_cast<off_t>(piece.offset));
        if (got < 0) {
            ++skipped_;
            return false;
        }
        piece.used = static_cast<std::uint32_t>(got);
        piece.last = got == 0 || piece.offset + piece.used >= piece.size ? 1 : 0;
        return true;
    }

    bool send(signet::loaned<chunk> piece, const role_life& life) {
        bytes_ += piece->used;
        piece->number = out_.published();
        piece->sent_ns = now_ns();
        seal(*piece);
        if (!out_.publish(std::move(piece), life.stop())) return false;
        promised_.store(out_.published(), std::memory_order_relaxed);  // read after our end
        if (reports_.due()) report();
        return true;
    }

    void report() {
        ends_.gather(out_);
        role_stats stats{};
        stats.messages = out_.published();
        stats.bytes = bytes_;
        stats.files = files_;
        stats.skipped = skipped_;
        ends_.fill(stats);
        reports_.report(stats);
    }

    signet::os::directory directory_;
    signet::publisher<chunk> out_;
    reporter reports_;
    end_log ends_;
    std::vector<std::string> names_;
    ledger ledger_;
    std::atomic<std::uint64_t>& promised_;
    std::uint64_t bytes_ = 0;
    std::uint64_t files_ = 0;
    std::uint64_t skipped_ = 0;
};

}  // namespace

int play_archiver(const orders& given) {
    ::setpriority(PRIO_PROCESS, 0, background);
    const role_life life{given};
    archiver{given}.run(life, given.first_file);
    return 0;
}

}  // namespace tour
