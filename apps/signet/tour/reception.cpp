// SPDX-License-Identifier: Apache-2.0
#include <tour/reception.hpp>

namespace tour {

using signet::topic_event;

seen_end end_of(const topic_event& event, std::uint64_t through) {
    seen_end end{};
    end.pid = event.pid;
    end.died = event.what == topic_event::kind::died ? 1 : 0;
    end.noticed_ns = to_ns(event.noticed);
    end.through = through;
    return end;
}

void reception::note(const arrival& message, std::int64_t now) {
    ++messages_;
    bytes_ += message.bytes;
    late_.add(now - message.sent_ns);
    sequence_.note(message.publisher, message.number);
    if (!message.whole || message.counted != message.number) ++torn_;
}

void reception::note(const topic_event& event) {
    if (event.what != topic_event::kind::died && event.what != topic_event::kind::left) return;
    if (event.endpoint == 0) return;
    ends_.push_back({end_of(event, sequence_.through(event.endpoint)), event.endpoint});
    if (ends_.size() <= ends_max) return;
    sequence_.forget(ends_.front().publisher);
    ends_.pop_front();
}

void reception::update(ended& entry, bool settled) const {
    if (entry.what.settled != 0) return;
    entry.what.through = sequence_.through(entry.publisher);
    entry.what.settled = settled ? 1 : 0;
}

void reception::note_empty() {
    for (ended& entry : ends_) update(entry, true);
}

void reception::fill(role_stats& into) const {
    into.messages = messages_;
    into.bytes = bytes_;
    into.torn = torn_;
    into.repeated = sequence_.repeated();
    (policy_ == gaps::forbidden ? into.missing : into.dropped) = sequence_.missing();
    into.p50_ns = late_.percentile(500);
    into.p99_ns = late_.percentile(990);
    into.p999_ns = late_.percentile(999);
    auto to = into.ends.begin();
    for (const ended& entry : ends_) *to++ = entry.what;
}

}  // namespace tour
