// SPDX-License-Identifier: Apache-2.0
// The role that hashes files out of the memory in which they were read, and publishes what each
// hashes to. It checks each piece after it was hashed, so a piece overwritten meanwhile shows.
#include <tour/assembler.hpp>
#include <tour/reception.hpp>
#include <tour/role.hpp>
#include <tour/sha256.hpp>

#include <signet/subscriber.hpp>

#include <sys/resource.h>

#include <map>

namespace tour {
namespace {

using namespace std::chrono_literals;

constexpr auto farewell_limit = 2s;

/// The file that a publisher is in the middle of.
struct open_work {
    file_assembler pieces;
    sha256 digest;
};

class hasher {
public:
    explicit hasher(const orders& given)
        : in_{topic_of(given.tour, "files"), {.policy = signet::delivery::block}},
          out_{topic_of(given.tour, "hashes")},
          reports_{given, role_id::hasher},
          books_{reception::gaps::forbidden},
          ledger_{ledger::inherited()},
          promised_{ledger_[given.slot]} {}

    void run(const role_life& life) {
        while (!life.ended()) receive_until(reports_.next());
        const auto limit = signet::after(farewell_limit);
        while (in_.publishers() != 0 && signet::clock::now() < limit)
            receive_until(reports_.next());
        receive_until(signet::clock::now());
    }

private:
    void receive_until(signet::deadline limit) {
        gather();
        auto next = in_.try_receive();
        if (!next) {
            books_.note_empty();
            next = in_.receive_until(limit);
        }
        if (next) take(next);
        if (signet::clock::now() >= limit) report();
    }

    void take(const signet::sample<chunk>& piece) {
        const std::int64_t came = now_ns();
        const bool sound = piece->used <= chunk_data_bytes;
        if (sound) hash(work_[piece.publisher()], *piece);
        books_.note({piece.publisher(), piece.number(), piece->number, piece->sent_ns, piece->used,
                     sound && whole(*piece)},
                    came);
    }

    void hash(open_work& work, const chunk& piece) {
        const tour::piece place = work.pieces.place(piece);
        if (place == piece::changed) ++skipped_;
        if (place == piece::skip || place == piece::changed) return;
        if (place == piece::first) work.digest.restart();
        work.digest.add(std::span{piece.data}.first(piece.used));
        if (work.pieces.complete()) publish(piece, work.digest.finish());
    }

    void publish(const chunk& piece, const std::string& digest) {
        file_hash result{};
        result.number = out_.published();
        result.sent_ns = now_ns();
        result.file = piece.file;
        result.size = piece.size;
        result.modified_ns = piece.modified_ns;
        result.name = piece.name;
        put_text(result.digest, digest);
        seal(result);
        out_.publish(result);
        promised_.store(out_.published(), std::memory_order_relaxed);  // read after our end
        ++files_;
    }

    void gather() {
        while (const auto event = in_.try_event()) books_.note(*event);
        if (work_.size() > ends_max) forget_the_dead();
    }

    // Publishers come with each restart of the archiver; one of them is at work.
    void forget_the_dead() {
        const auto current = in_.publishers();
        if (current <= 1) work_.clear();
    }

    void report() {
        role_stats stats{};
        books_.fill(stats);
        stats.files = files_;
        stats.skipped = skipped_;
        reports_.report(stats);
    }

    signet::subscriber<chunk> in_;
    signet::publisher<file_hash> out_;
    reporter reports_;
    reception books_;
    ledger ledger_;
    std::atomic<std::uint64_t>& promised_;
    std::map<std::uint64_t, open_work> work_;
    std::uint64_t files_ = 0;
    std::uint64_t skipped_ = 0;
};

}  // namespace

int play_hasher(const orders& given) {
    ::setpriority(PRIO_PROCESS, 0, background);
    const role_life life{given};
    hasher{given}.run(life);
    return 0;
}

}  // namespace tour
