// SPDX-License-Identifier: Apache-2.0
// The books of a receiver: what came, how late, what was missing or torn, and which of its
// publishers ended. One thread.
#pragma once

#include <signet/topic.hpp>

#include <tour/histogram.hpp>
#include <tour/messages.hpp>
#include <tour/sequence.hpp>

#include <cstdint>
#include <deque>

namespace tour {

/// A message as far as the books care.
struct arrival {
    std::uint64_t publisher;  ///< the id of its publisher
    std::uint64_t number;     ///< as the library counts
    std::uint64_t counted;    ///< as the sender counted; another number is as bad as a torn message
    std::int64_t sent_ns;
    std::uint64_t bytes;
    bool whole;
};

class reception {
public:
    /// What a gap is to this receiver.
    enum class gaps { forbidden, expected };

    explicit reception(gaps policy) : policy_{policy} {}

    void note(const arrival& message, std::int64_t now);

    /// A publisher joined, left or died.
    void note(const signet::topic_event& event);

    /// A look found nothing to receive: of publishers that had ended before, nothing is left.
    void note_empty();

    void fill(role_stats& into) const;

    std::uint64_t torn() const noexcept { return torn_; }
    std::uint64_t missing() const noexcept {
        return policy_ == gaps::forbidden ? sequence_.missing() : 0;
    }
    std::uint64_t messages() const noexcept { return messages_; }

private:
    struct ended {
        seen_end what;
        std::uint64_t publisher;
    };

    void update(ended& entry, bool settled) const;

    gaps policy_;
    sequence_checker sequence_;
    latency_histogram late_;
    std::deque<ended> ends_;
    std::uint64_t messages_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t torn_ = 0;
};

/// The event as it is reported. `through` as in seen_end.
seen_end end_of(const signet::topic_event& event, std::uint64_t through);

}  // namespace tour
