// SPDX-License-Identifier: Apache-2.0
// A server in a loop: what it is for the loop's wait, and a turn of it.
#include <signet/os/futex.hpp>
#include <signet/pattern/service/call_server.hpp>

namespace signet::pattern {

class server_watch final : public transport::waitable {
public:
    explicit server_watch(call_server& of) : of_{of} {}

    const void* identity() const noexcept override { return &of_; }
    bool ready() override {
        const std::lock_guard locked{of_.mutex_};
        return of_.stopping_ || !of_.queue_.empty() || !of_.resumed_.empty() || of_.set_.may_have();
    }

    // There is no word to sleep on, so that descriptors have to do.
    std::size_t words() const override { return os::futex_waiters_max; }
    int fd() override { return of_.set_.fd(); }
    void arm_fd() override { of_.set_.arm(); }
    void disarm() override { of_.set_.disarm(); }

private:
    call_server& of_;
};

std::unique_ptr<transport::waitable> call_server::watch() {
    return std::make_unique<server_watch>(*this);
}

bool call_server::poll_and_arm() {
    set_.disarm();
    const bool serves = poll();
    set_.arm();
    if (server_watch{*this}.ready()) set_.wake();
    return serves;
}

bool call_server::poll() {
    lock locked{mutex_};
    in_loop_ = true;
    if (!reading_ && !stopping_) read(locked, transport::patience::none(), nullptr);
    for (std::size_t left = queue_.size(); left != 0 && !stopping_ && !queue_.empty(); --left) {
        run_next(locked);
    }
    return !stopping_;
}

}  // namespace signet::pattern
