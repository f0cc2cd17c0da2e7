// SPDX-License-Identifier: Apache-2.0
#include "exec_pairs.hpp"

#include <signet/base/error.hpp>
#include <signet/transport/pipe/exec_carrier.hpp>
#include <signet/transport/pipe/pipe_stream.hpp>
#include <signet/transport/stream_channel.hpp>
#include <signet/transport/unix/unix_carrier.hpp>

namespace signet::tests {
namespace {

using namespace transport;

/// Who knocks is a channel_actor, and gives us its descriptors.
class pair_listener final : public channel_listener {
public:
    pair_listener(const std::string& where, const channel_types& types,
                  const channel_options& options)
        : door_{unix_socket::the_carrier().listen(where, {}, {.descriptors_max = 2})},
          name_{std::string{exec_pairs_scheme} + "://" + where},
          types_{types},
          options_{options} {}

    std::unique_ptr<channel_end> accept(const patience& limit) override {
        while (const auto actor = door_->accept(limit)) {
            if (auto end = pair_with(*actor)) return end;
        }
        return nullptr;
    }
    std::string address() const override { return name_; }
    int fd() override { return door_->fd(); }

private:
    /// Null: the actor is gone without a gift.
    std::unique_ptr<channel_end> pair_with(channel_end& actor) const try {
        incoming gift;
        if (actor.receive(gift, {after(std::chrono::seconds{60}), {}}) != flow::done)
            return nullptr;
        auto stream = std::make_unique<pipe::pipe_stream>(
            os::pipe_reader::adopt(std::move(gift.descriptors.at(0))),
            os::pipe_writer::adopt(std::move(gift.descriptors.at(1))));
        return stream_channel::accept(std::move(stream), name_, types_, options_);
    } catch (const error&) {
        return nullptr;
    }

    std::unique_ptr<channel_listener> door_;
    std::string name_;
    channel_types types_;
    channel_options options_;
};

class pair_carrier final : public carrier {
public:
    pair_carrier() : facts_{pipe::the_exec_carrier().facts()} {
        facts_.scheme = exec_pairs_scheme;
        facts_.listens = true;
    }

    const carrier_facts& facts() const noexcept override { return facts_; }

    std::unique_ptr<channel_end> connect(const std::string& where, const channel_types& types,
                                         const channel_options& options) const override {
        const std::string command = std::string{SIGNET_CHANNEL_ACTOR} + " unix://" + where;
        return pipe::the_exec_carrier().connect(command, types, options);
    }
    std::unique_ptr<channel_listener> listen(const std::string& where, const channel_types& types,
                                             const channel_options& options) const override {
        return std::make_unique<pair_listener>(where, types, options);
    }

private:
    carrier_facts facts_;
};

}  // namespace

const carrier& exec_pairs() {
    static const pair_carrier only;
    return only;
}

}  // namespace signet::tests
