// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/channel_watch.hpp>

#include <signet/base/error.hpp>
#include <signet/os/epoll.hpp>
#include <signet/os/poll.hpp>

#include <utility>

namespace signet::transport {
namespace {

/// Something of the kind `Of` that is in at most one set, as long as it lives. Who closed his
/// descriptor is in no set any more.
template <class Of>
class weak_watch : public waitable {
public:
    explicit weak_watch(const std::shared_ptr<Of>& what) : alive_{what}, what_{what.get()} {}

    const void* identity() const noexcept override { return what_; }
    bool outlives() const noexcept override { return true; }
    bool gone() const noexcept override { return alive_.expired(); }
    bool told_by_kernel() const noexcept final { return true; }

    void enter(os::epoll& set, std::uint64_t tag) final {
        if (gone()) return;
        put_into(set, tag);
        set_ = &set;
    }
    void leave() noexcept final {
        os::epoll* const set = std::exchange(set_, nullptr);
        if (set != nullptr && !gone()) take_out_of(*set);
    }

protected:
    Of& what() const noexcept { return *what_; }

    virtual void put_into(os::epoll& set, std::uint64_t tag) {
        set.add(fd(), os::interest::readable, tag);
    }
    virtual void take_out_of(os::epoll& set) noexcept {
        try {
            set.remove(fd());
        } catch (const error&) {
            // It is not in the set any more.
        }
    }

private:
    std::weak_ptr<Of> alive_;
    Of* what_;
    os::epoll* set_ = nullptr;
};

class receiving_watch final : public weak_watch<channel_end> {
public:
    receiving_watch(const std::shared_ptr<channel_end>& end, int fd) : weak_watch{end}, fd_{fd} {}
    ~receiving_watch() override { leave(); }

    bool ready() override { return what().ready(direction::receiving); }
    int fd() override { return fd_; }

private:
    int fd_;
};

class stream_watch final : public weak_watch<channel_end> {
public:
    stream_watch(const std::shared_ptr<channel_end>& end, stream_interest& descriptors)
        : weak_watch{end}, descriptors_{&descriptors} {}
    ~stream_watch() override { leave(); }

    bool ready() override { return what().ready(direction::receiving); }
    int fd() override { return what().fd(); }

private:
    void put_into(os::epoll& set, std::uint64_t tag) override { descriptors_->enter(set, tag); }
    void take_out_of(os::epoll& set) noexcept override { descriptors_->leave(set); }

    stream_interest* descriptors_;
};

/// A set takes a descriptor once, and that of the end may be there to be read: so this is a set of
/// one in the set. It goes when nobody waits.
class sending_watch final : public weak_watch<channel_end> {
public:
    sending_watch(const std::shared_ptr<channel_end>& end, int fd) : weak_watch{end} {
        inner_.add(fd, os::interest::writable, 0);
    }
    ~sending_watch() override { leave(); }

    // One end is two things to wait for: the second is told by the next byte of it.
    const void* identity() const noexcept override {
        return static_cast<const char*>(weak_watch::identity()) + 1;
    }
    bool outlives() const noexcept override { return false; }
    bool ready() override { return what().ready(direction::sending); }
    int fd() override { return inner_.fd(); }

private:
    os::epoll inner_;
};

class listener_watch final : public weak_watch<channel_listener> {
public:
    explicit listener_watch(const std::shared_ptr<channel_listener>& door)
        : weak_watch{door}, fd_{door->fd()} {}
    ~listener_watch() override { leave(); }

    bool ready() override { return os::wait_readable(fd_, deadline::min()); }
    int fd() override { return fd_; }

private:
    int fd_;
};

}  // namespace

std::unique_ptr<waitable> watch_readable(std::shared_ptr<channel_end> end, int fd) {
    return std::make_unique<receiving_watch>(end, fd);
}

std::unique_ptr<waitable> watch_stream(std::shared_ptr<channel_end> end, stream_interest& what) {
    return std::make_unique<stream_watch>(end, what);
}

std::unique_ptr<waitable> watch_writable(std::shared_ptr<channel_end> end, int fd) {
    return std::make_unique<sending_watch>(end, fd);
}

std::unique_ptr<waitable> watch_listener(std::shared_ptr<channel_listener> listener) {
    return std::make_unique<listener_watch>(listener);
}

}  // namespace signet::transport
