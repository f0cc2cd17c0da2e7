// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/unix/unix_carrier.hpp>

#include <signet/transport/channel_frame.hpp>
#include <signet/transport/patient_wait.hpp>
#include <signet/transport/stream_listener.hpp>
#include <signet/transport/unix/shared_path.hpp>
#include <signet/transport/unix/unix_name.hpp>

#include <iterator>
#include <utility>

namespace signet::transport::unix_socket {
namespace {

constexpr carrier_facts our_facts{
    .scheme = "unix",
    .addresses = "unix:///path, unix://@abstract",
    .use_when = "both are on one machine, of different users, or one of them is not Signet's",
    .message_bytes_max = frame_header::message_bytes_max,
    .peers = identification::user,
    .passes_descriptors = true,
    .speaks_plain = true,
    .shares_names = true,
};

class unix_stream final : public byte_stream {
public:
    explicit unix_stream(os::unix_stream_socket socket) : socket_{std::move(socket)} {}

    os::stream_result read_some(std::span<std::byte> buffer, deadline until) override {
        return socket_.read_some(buffer, until);
    }
    os::stream_result write_some(std::span<const std::byte> bytes, deadline until) override {
        return socket_.write_some(bytes, until);
    }
    os::stream_result read_with(std::span<std::byte> buffer, deadline until,
                                std::deque<os::descriptor>& into, std::size_t most,
                                bool& lost) override {
        auto got = socket_.receive(buffer, most, until);
        lost = lost || got.descriptors_lost;
        into.insert(into.end(), std::move_iterator{got.descriptors.begin()},
                    std::move_iterator{got.descriptors.end()});
        return {got.status, got.bytes};
    }
    os::stream_result write_with(std::span<const std::byte> bytes, std::span<const int> descriptors,
                                 deadline until) override {
        return socket_.send(bytes, descriptors, until);
    }
    bool end_writing() override { return socket_.end_writing(); }
    peer_identity peer() const override { return {.user = socket_.credentials()}; }
    std::optional<os::descriptor> peer_process() const override { return socket_.peer_pidfd(); }
    int read_fd() const noexcept override { return socket_.fd(); }
    int write_fd() const noexcept override { return socket_.fd(); }

private:
    os::unix_stream_socket socket_;
};

/// `Bound` is how it came by its name.
template <class Bound>
class unix_door {
public:
    explicit unix_door(unix_name where) : where_{std::move(where)}, bound_{where_} {}

    std::unique_ptr<unix_stream> accept(const patience& limit) {
        for (;;) {
            bound_.tend();
            if (auto socket = bound_.socket().accept(deadline::min())) {
                return std::make_unique<unix_stream>(std::move(*socket));
            }
            if (!wait_patiently(fd(), os::readiness::readable, limit, bell_)) return nullptr;
        }
    }
    const std::string& text() const noexcept { return where_.text(); }
    int fd() const noexcept { return bound_.fd(); }

private:
    unix_name where_;
    Bound bound_;
    stop_bell bell_;
};

template <class Bound>
std::unique_ptr<channel_listener> listen_as(const std::string& where, const channel_types& types,
                                            const channel_options& options) {
    return std::make_unique<stream_listener<unix_door<Bound>>>(types, options, unix_name{where});
}

class unix_carrier final : public carrier {
public:
    const carrier_facts& facts() const noexcept override { return our_facts; }

    std::unique_ptr<channel_end> connect(const std::string& where, const channel_types& types,
                                         const channel_options& options) const override {
        const unix_name name{where};
        const deadline until = after(options.handshake_limit);
        auto socket = connect_to_any(name, until);
        return stream_channel::connect(std::make_unique<unix_stream>(std::move(socket)),
                                       name.text(), types, options, until);
    }

    std::unique_ptr<channel_listener> listen(const std::string& where, const channel_types& types,
                                             const channel_options& options) const override {
        if (options.name == name_use::shared)
            return listen_as<shared_listener>(where, types, options);
        return listen_as<bound_listener>(where, types, options);
    }
};

}  // namespace

const carrier& the_carrier() noexcept {
    static const unix_carrier only;
    return only;
}

}  // namespace signet::transport::unix_socket
