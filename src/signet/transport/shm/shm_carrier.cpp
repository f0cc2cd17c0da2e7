// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/shm_carrier.hpp>

#include <signet/base/error.hpp>
#include <signet/transport/patient_wait.hpp>
#include <signet/transport/shm/channel_name.hpp>
#include <signet/transport/shm/shm_channel.hpp>

#include <utility>

namespace signet::transport::shm {
namespace {

constexpr carrier_facts our_facts{
    .scheme = "shm",
    .addresses = "shm://robot/arm, robot/arm",
    .use_when = "both are on one machine and of one user, and speed counts",
    .message_bytes_max = memory::record_word::bytes_max,
    .peers = identification::user,
    .passes_descriptors = true,
    .shares_names = true,
    .topics = support::native,
};

/// `Bound` is how it came by its name.
template <class Bound>
class shm_listener final : public channel_listener {
public:
    shm_listener(const std::string& where, const channel_types& types,
                 const channel_options& options)
        : bound_{channel_name{where}}, types_{types}, options_{options} {}

    std::unique_ptr<channel_end> accept(const patience& limit) override {
        for (;;) {
            if (auto socket = bound_.socket().try_accept()) {
                if (auto end = welcome(std::move(*socket))) return end;
            } else if (!wait_patiently(fd(), os::readiness::readable, limit, bell_)) {
                return nullptr;
            }
        }
    }
    std::string address() const override { return bound_.where().address(); }
    int fd() override { return bound_.socket().fd(); }

private:
    // Null: it is not one that we talk with.
    std::unique_ptr<channel_end> welcome(os::seqpacket_socket socket) {
        const std::string& name = bound_.where().name();
        if (!is_own_user(socket)) {
            say_no(socket, "this listener belongs to another user");
            return nullptr;
        }
        return shm_channel::accept(std::move(socket), name, types_, options_);
    }

    Bound bound_;
    channel_types types_;
    channel_options options_;
    stop_bell bell_;
};

class shm_carrier final : public carrier {
public:
    const carrier_facts& facts() const noexcept override { return our_facts; }

    std::unique_ptr<channel_end> connect(const std::string& where, const channel_types& types,
                                         const channel_options& options) const override {
        const channel_name name{where};
        return shm_channel::connect(name.connect(after(options.handshake_limit)), name.name(),
                                    types, options);
    }

    std::unique_ptr<channel_listener> listen(const std::string& where, const channel_types& types,
                                             const channel_options& options) const override {
        if (options.name == name_use::shared) {
            return std::make_unique<shm_listener<member_channel>>(where, types, options);
        }
        return std::make_unique<shm_listener<bound_channel>>(where, types, options);
    }
};

}  // namespace

const carrier& the_carrier() noexcept {
    static const shm_carrier only;
    return only;
}

}  // namespace signet::transport::shm
