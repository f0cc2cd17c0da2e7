// SPDX-License-Identifier: Apache-2.0
// An end of a log that receives: follows what is appended, told by inotify, and the writer's life,
// by its lock on the file and a handle of its process. Goes on when the file is cleared or another
// one has its name. Threads: as channel.hpp.
#pragma once

#include <signet/os/epoll.hpp>
#include <signet/os/event.hpp>
#include <signet/os/process.hpp>
#include <signet/os/record_file.hpp>
#include <signet/transport/channel.hpp>
#include <signet/transport/channel_frame.hpp>
#include <signet/transport/file/log_name.hpp>
#include <signet/transport/patient_wait.hpp>

#include <memory>
#include <optional>
#include <string>

namespace signet::transport::log_file {

class log_reader final : public channel_end {
public:
    /// Waits for the first word of a writer. Throws `error`: no file, damage, timed_out, types.
    log_reader(const log_name& where, const channel_types& types, const channel_options& options);

    flow send(const outgoing& message, const patience& limit) override;
    flow receive(incoming& into, const patience& limit) override;
    flow flush(const patience&) override { return flow::done; }
    void end_sending(const patience& limit) override;
    peer_identity peer() const override { return {}; }
    const wire::type_descriptor* peer_sends() const noexcept override;
    bool ready(direction which) override;
    int fd() override;
    std::unique_ptr<waitable> watch(std::shared_ptr<channel_end> self, direction which) override;

private:
    void await_greeting(const patience& limit);
    void skip_to_end();
    std::optional<flow> look(incoming& into);
    std::optional<flow> at_end(incoming& into);
    bool read(incoming& into);
    void meet(std::span<const std::byte> hello);
    void follow(std::span<const std::byte> who);
    bool writer_lives();
    bool wait(const patience& limit);
    void watch_file();
    [[noreturn]] void complain(errc code, const std::string& why) const;
    [[noreturn]] void refuse_sending() const;

    std::string name_;
    channel_types types_;
    channel_options options_;
    os::record_reader file_;
    std::optional<greeting> peer_;
    bool ended_ = false;    ///< the last record says so
    bool foreign_ = false;  ///< the writer's pid means nothing here
    std::optional<os::process> writer_;
    bool writer_gone_ = false;  ///< its process has ended, whoever has the lock
    bool watching_ = false;
    std::optional<os::event> again_;  ///< for fd(): look, whatever inotify says
    std::optional<os::epoll> set_;    ///< what fd() is
    stop_bell stop_;
};

}  // namespace signet::transport::log_file
