// SPDX-License-Identifier: Apache-2.0
// The conductor's ears: it receives what the roles publish and enters it in the books. One thread.
#pragma once

#include <signet/context.hpp>
#include <signet/subscriber.hpp>

#include <tour/hash_book.hpp>
#include <tour/messages.hpp>
#include <tour/rates.hpp>
#include <tour/reception.hpp>
#include <tour/tally.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace tour {

class listening_post {
public:
    /// The books must outlive it. Throws `error` as endpoints do.
    listening_post(const std::string& tour, tally& books, hash_book& hashes);

    /// Takes all that is there.
    void gather();

    const rate_meter& meter(role_id role) const { return meters_[static_cast<std::size_t>(role)]; }

    /// The machine as the sampler saw it last.
    const std::optional<telemetry>& machine() const noexcept { return machine_; }

    /// Which process used most of a cpu lately: "hasher, 45 %".
    std::string busiest() const;

    const std::string& directory() const { return context_.directory(); }

private:
    /// One topic, and the books about it.
    template <class T>
    struct ear {
        signet::subscriber<T> in;
        reception books;
    };

    template <class T, class Handle>
    role_stats gather_from(ear<T>& from, Handle&& handle);
    void take(const role_stats& stats);
    void take(const telemetry& news);

    /// What a process used of one cpu.
    struct use {
        std::string command;
        std::uint64_t permille;
        std::int64_t when_ns;
    };

    tally& books_;
    hash_book& hashes_;
    signet::context context_;
    ear<file_hash> hash_ear_;
    ear<role_stats> stats_ear_;
    ear<telemetry> telemetry_ear_;
    std::array<rate_meter, role_count> meters_;
    std::optional<telemetry> machine_;
    std::map<int, use> uses_;
};

}  // namespace tour
