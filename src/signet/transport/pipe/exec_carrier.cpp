// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/pipe/exec_carrier.hpp>

#include <signet/base/error.hpp>
#include <signet/transport/channel_frame.hpp>
#include <signet/transport/pipe/exec_program.hpp>
#include <signet/transport/pipe/exec_words.hpp>
#include <signet/transport/pipe/pipe_stream.hpp>
#include <signet/transport/stream_channel.hpp>

#include <utility>

namespace signet::transport::pipe {
namespace {

constexpr carrier_facts exec_facts{
    .scheme = "exec",
    .addresses = "exec:program arguments",
    .use_when = "one starts the other: a filter, a plug-in, a program of another language",
    .message_bytes_max = frame_header::message_bytes_max,
    .speaks_plain = true,
    .listens = false,
};

struct started {
    os::child program;
    std::unique_ptr<pipe_stream> stream;
};

// The child gets duplicates; ours of its two ends are closed here, so that its end is seen.
started start(const std::vector<std::string>& command) {
    os::pipe_ends input = os::pipe_ends::create();
    os::pipe_ends output = os::pipe_ends::create();
    os::child program = os::child::spawn(command, {.standard_input = input.reader.fd(),
                                                   .standard_output = output.writer.fd(),
                                                   .group = os::process_group::own});
    return {std::move(program),
            std::make_unique<pipe_stream>(std::move(output.reader), std::move(input.writer))};
}

/// A stream_channel that says how its program ended.
class exec_channel final : public channel_end {
public:
    exec_channel(const std::string& where, const channel_types& types,
                 const channel_options& options)
        : exec_channel{start(split_words(where)), "exec:" + where, types, options} {}

    // Its input ends first; what is left of its group afterwards is killed with `program_`.
    ~exec_channel() override { leave(); }

    flow send(const outgoing& message, const patience& limit) override {
        return told(limit, sending_, [&] { return talk_->send(message, limit); });
    }
    flow receive(incoming& into, const patience& limit) override {
        return told(limit, receiving_, [&] { return talk_->receive(into, limit); });
    }
    flow flush(const patience& limit) override {
        return told(limit, sending_, [&] { return talk_->flush(limit); });
    }
    void end_sending(const patience& limit) override { talk_->end_sending(limit); }
    peer_identity peer() const override { return {}; }
    const wire::type_descriptor* peer_sends() const noexcept override {
        return talk_->peer_sends();
    }
    bool ready(direction which) override { return talk_->ready(which); }
    int fd() override { return talk_->fd(); }
    std::unique_ptr<waitable> watch(std::shared_ptr<channel_end> self, direction which) override {
        return talk_->watch(std::move(self), which);
    }

private:
    exec_channel(started begun, const std::string& name, const channel_types& types,
                 const channel_options& options)
        : name_{name}, options_{options}, program_{std::move(begun.program)} {
        try {
            talk_ = stream_channel::connect(std::move(begun.stream), name, types, options,
                                            after(options.handshake_limit));
        } catch (const error& why) {
            // mostly since it could not run, which its status tells
            if (why.code() != errc::peer_misbehaved && why.code() != errc::peer_died) throw;
            program_.settle({after(options.linger), {}}, receiving_);
            throw error{why.code(), why.operation(), name,
                        why.advice() + "; " + program_.account()};
        }
    }

    void leave() {
        talk_.reset();
        program_.wait(options_.linger);
    }

    // Does it, and says how the program ended where that is known. Until its status is there or
    // does not come, there is no answer: `timed_out`.
    template <typename Step>
    flow told(const patience& limit, stop_bell& bell, Step step) {
        try {
            const flow outcome = step();
            if (outcome != flow::ended || options_.frames == framing::messages) return outcome;
            if (!program_.settle(limit, bell)) return flow::timed_out;
        } catch (const error& why) {
            if (why.code() != errc::peer_died) throw;
            if (!program_.settle(limit, bell)) return flow::timed_out;
            throw error{errc::peer_died, "use channel", name_, program_.account()};
        }
        if (!program_.failed()) return flow::ended;
        throw error{errc::peer_died, "use channel", name_, program_.account()};
    }

    std::string name_;
    channel_options options_;
    exec_program program_;
    std::unique_ptr<channel_end> talk_;
    stop_bell sending_;
    stop_bell receiving_;
};

class exec_carrier final : public carrier {
public:
    const carrier_facts& facts() const noexcept override { return exec_facts; }

    std::unique_ptr<channel_end> connect(const std::string& where, const channel_types& types,
                                         const channel_options& options) const override {
        return std::make_unique<exec_channel>(where, types, options);
    }

    std::unique_ptr<channel_listener> listen(const std::string& where, const channel_types&,
                                             const channel_options&) const override {
        throw error{errc::unsupported, "listen at", "exec:" + where,
                    "it starts a program and talks with that; open a channel, and have the program "
                    "open pipe:"};
    }
};

}  // namespace

const carrier& the_exec_carrier() noexcept {
    static const exec_carrier only;
    return only;
}

}  // namespace signet::transport::pipe
