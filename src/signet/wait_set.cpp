// SPDX-License-Identifier: Apache-2.0
#include <signet/wait_set.hpp>

#include <signet/base/error.hpp>

#include <memory>
#include <utility>

namespace signet {
namespace {

class timer final : public transport::waitable {
public:
    explicit timer(std::chrono::nanoseconds every) : every_{every}, due_{after(every)} {}

    const void* identity() const noexcept override { return this; }
    deadline due() const override { return due_; }

    bool ready() override {
        const deadline now = clock::now();
        if (now < due_) return false;
        // As many ticks on as have passed, so that it neither drifts nor catches up.
        due_ = after(every_ - (now - due_) % every_, now);
        return true;
    }

private:
    std::chrono::nanoseconds every_;
    deadline due_;
};

}  // namespace

wait_set::key wait_set::add_descriptor(int fd) {
    return engine_.add_descriptor(fd, os::interest::readable);
}

wait_set::key wait_set::add_timer(std::chrono::nanoseconds every) {
    if (every.count() <= 0) throw contract_violation{"add_timer: the period must be above zero"};
    return engine_.add(std::make_unique<timer>(every));
}

std::span<const wait_set::key> wait_set::wait(std::stop_token stop) {
    return wait_until(never, std::move(stop));
}

std::span<const wait_set::key> wait_set::try_wait() {
    return engine_.wait(transport::patience::none());
}

std::span<const wait_set::key> wait_set::wait_for(std::chrono::nanoseconds limit,
                                                  std::stop_token stop) {
    return wait_until(after(limit), std::move(stop));
}

std::span<const wait_set::key> wait_set::wait_until(deadline limit, std::stop_token stop) {
    if (limit == never && !stop.stop_possible() && engine_.empty()) {
        throw contract_violation{"wait: the set is empty, and nothing else could end the wait"};
    }
    return engine_.wait({limit, std::move(stop)});
}

}  // namespace signet
