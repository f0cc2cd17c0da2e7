// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/mq/mq_carrier.hpp>

#include <signet/base/error.hpp>
#include <signet/os/poll.hpp>
#include <signet/os/process.hpp>
#include <signet/transport/medium_channel.hpp>
#include <signet/transport/mq/mq_knock.hpp>
#include <signet/transport/mq/mq_medium.hpp>
#include <signet/transport/mq/mq_name.hpp>

#include <array>
#include <utility>

namespace signet::transport::mq {
namespace {

/// Those who put a message of theirs back before all others.
constexpr unsigned first_in_line = 1;

carrier_facts facts_of_this_kernel() {
    return {
        .scheme = "mq",
        .addresses = "mq:///name",
        .use_when = "messages are short, and each is to be one system call of the kernel's own",
        .message_bytes_max = message_bytes_max(os::current_posix_queue_limits()),
        .peers = identification::user,
    };
}

os::peer_credentials credentials(int pid, const os::posix_queue& of) {
    const auto [uid, gid] = of.maker();
    return {.pid = pid, .uid = uid, .gid = gid};
}

bool is_shortage(const std::error_code& code) {
    return code == std::errc::too_many_files_open || code == std::errc::not_enough_memory ||
           code == std::errc::too_many_files_open_in_system;
}

// Null where the door does not say, or who made it has left it to another.
std::optional<os::process> listener_at(const os::posix_queue& door) {
    const auto pid = door.owner();
    auto found = pid ? os::process::open(*pid) : std::nullopt;
    // It had the mark after we had got hold of it: the handle is that process's.
    return door.owner() == pid ? std::move(found) : std::nullopt;
}

class mq_listener final : public channel_listener {
public:
    mq_listener(mq_name where, const channel_types& types, const channel_options& options)
        : where_{std::move(where)}, door_{where_.listen()}, types_{types}, options_{options} {}

    std::unique_ptr<channel_end> accept(const patience& limit) override {
        for (;;) {
            while (const auto who = next_knock()) {
                if (auto end = answer(*who)) return end;
            }
            if (!wait_patiently(fd(), os::readiness::readable, limit, bell_)) return nullptr;
        }
    }
    std::string address() const override { return where_.text(); }
    int fd() override { return door_.fd(); }

private:
    // What is no knock is passed over.
    std::optional<knock> next_knock() {
        if (waiting_) return std::exchange(waiting_, std::nullopt);
        std::array<std::byte, door_geometry.message_bytes_max> bytes;
        while (const auto got = door_.try_receive(bytes)) {
            if (const auto found = knock::read(std::span{bytes}.first(got->bytes))) return found;
        }
        return std::nullopt;
    }

    // Null: that one is gone, or cannot be talked with, and has been told so or finds out in time.
    std::unique_ptr<channel_end> answer(const knock& who) try {
        auto process = os::process::open(who.pid);
        if (!process || who.pid_namespace != os::current_pid_namespace()) return nullptr;
        auto to_client = os::posix_queue::open_at(who.client_place());
        auto to_server = os::posix_queue::open_at(who.server_place());
        // It has these queues and runs: the handle is that process's, and not a later one's.
        if (!to_client || !to_server || !process->running()) return nullptr;
        const auto peer = credentials(who.pid, *to_client);
        auto medium =
            std::make_unique<mq_medium>(std::move(*to_server), std::move(*to_client), peer);
        return std::make_unique<medium_channel>(std::move(medium), where_.text(), types_, options_,
                                                std::move(process));
    } catch (const error& why) {
        if (!is_shortage(why.code())) return nullptr;
        if (!door_.try_send(who.bytes(), first_in_line)) waiting_ = who;
        throw;
    }

    mq_name where_;
    os::posix_queue door_;
    channel_types types_;
    channel_options options_;
    std::optional<knock> waiting_;  ///< there were no descriptors for that one, nor room
    stop_bell bell_;
};

class mq_carrier final : public carrier {
public:
    const carrier_facts& facts() const noexcept override { return facts_; }

    std::unique_ptr<channel_end> connect(const std::string& where, const channel_types& types,
                                         const channel_options& options) const override {
        const mq_name name{where};
        os::posix_queue door = name.find();
        const auto listener = listener_at(door);
        if (!listener && !door.is_owned()) name.complain_of_absence();  // it has died meanwhile
        const os::process* const watched = listener ? &*listener : nullptr;
        const deadline until = after(options.handshake_limit);
        const auto geometry =
            geometry_for(options.message_bytes_max, os::current_posix_queue_limits());
        auto takes = os::posix_queue::create_unnamed(passing_name(), geometry);
        auto puts = os::posix_queue::create_unnamed(passing_name(), geometry);
        const knock ours = knock::about(takes, puts);
        auto medium =
            std::make_unique<mq_medium>(std::move(takes), std::move(puts), credentials(0, door));
        auto end = std::make_unique<medium_channel>(std::move(medium), name.text(), types, options,
                                                    std::nullopt);
        put(ours, door, watched, name, until);
        end->await_greeting({until, {}}, watched);
        return end;
    }

    std::unique_ptr<channel_listener> listen(const std::string& where, const channel_types& types,
                                             const channel_options& options) const override {
        mq_name name{where};
        check_medium_options(options, name.text());
        return std::make_unique<mq_listener>(std::move(name), types, options);
    }

private:
    static void put(const knock& ours, os::posix_queue& door, const os::process* listener,
                    const mq_name& name, deadline until) {
        const std::array<os::awaited, 2> either{
            {{door.fd(), os::readiness::writable},
             {listener == nullptr ? -1 : listener->fd(), os::readiness::readable}}};
        while (!door.try_send(ours.bytes())) {
            if (!os::wait_any_ready(either, until)) refuse_late(name);
            if (listener != nullptr && !listener->running()) name.complain_of_absence();
        }
    }

    [[noreturn]] static void refuse_late(const mq_name& name) {
        throw error{std::make_error_code(std::errc::timed_out), "open channel", name.text(),
                    "as many as can wait there are waiting: the other end accepts nobody"};
    }

    carrier_facts facts_ = facts_of_this_kernel();
};

}  // namespace

const carrier& the_carrier() noexcept {
    static const mq_carrier only;
    return only;
}

}  // namespace signet::transport::mq
