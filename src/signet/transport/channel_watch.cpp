// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/channel_watch.hpp>

#include <signet/os/epoll.hpp>

#include <optional>
#include <utility>

namespace signet::transport {
namespace {

class end_watch final : public waitable {
public:
    end_watch(std::shared_ptr<channel_end> end, direction which, int fd)
        : end_{std::move(end)}, which_{which}, fd_{fd} {}

    const void* identity() const noexcept override {
        // One end is two things to wait for: the second is told by the next byte of it.
        const auto* const first = reinterpret_cast<const char*>(end_.get());
        return which_ == direction::receiving ? first : first + 1;
    }
    bool ready() override { return end_->ready(which_); }

    int fd() override {
        if (which_ == direction::receiving) return fd_;
        if (!set_) {
            set_.emplace();
            set_->add(fd_, os::interest::writable, 0);
        }
        return set_->fd();
    }

private:
    std::shared_ptr<channel_end> end_;
    direction which_;
    int fd_;
    std::optional<os::epoll> set_;
};

}  // namespace

std::unique_ptr<waitable> watch_readable(std::shared_ptr<channel_end> end, int fd) {
    return std::make_unique<end_watch>(std::move(end), direction::receiving, fd);
}

std::unique_ptr<waitable> watch_writable(std::shared_ptr<channel_end> end, int fd) {
    return std::make_unique<end_watch>(std::move(end), direction::sending, fd);
}

}  // namespace signet::transport
