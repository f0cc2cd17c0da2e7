// SPDX-License-Identifier: Apache-2.0
#include <signet/face/queue_watch.hpp>

#include <signet/base/error.hpp>
#include <signet/os/epoll.hpp>
#include <signet/os/poll.hpp>

namespace signet::face {
namespace {

class queue_watch final : public transport::waitable {
public:
    explicit queue_watch(const std::shared_ptr<pattern::queue_core>& what)
        : alive_{what}, what_{what.get()}, fd_{what->fd()} {}
    ~queue_watch() override { leave(); }

    const void* identity() const noexcept override { return what_; }
    bool outlives() const noexcept override { return true; }
    bool gone() const noexcept override { return alive_.expired(); }
    bool told_by_kernel() const noexcept override { return true; }
    bool ready() override { return os::wait_readable(fd_, deadline::min()); }
    int fd() override { return fd_; }

    void enter(os::epoll& set, std::uint64_t tag) override {
        if (gone()) return;
        set.add(fd_, os::interest::readable, tag);
        set_ = &set;
    }
    void leave() noexcept override {
        os::epoll* const set = std::exchange(set_, nullptr);
        if (set == nullptr || gone()) return;
        try {
            set->remove(fd_);
        } catch (const error&) {
            // It is not in the set any more.
        }
    }

private:
    std::weak_ptr<pattern::queue_core> alive_;
    const pattern::queue_core* what_;
    int fd_;
    os::epoll* set_ = nullptr;
};

}  // namespace

std::unique_ptr<transport::waitable> watch_queue(const std::shared_ptr<pattern::queue_core>& what) {
    return std::make_unique<queue_watch>(what);
}

}  // namespace signet::face
