// SPDX-License-Identifier: Apache-2.0
// The end of a log that sends. Says who it is first, and last that it has ended; where it is killed
// the second is missing. Threads: as channel.hpp.
#pragma once

#include <signet/os/event.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/os/record_file.hpp>
#include <signet/transport/channel.hpp>
#include <signet/transport/file/log_name.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace signet::transport::log_file {

class log_writer final : public channel_end {
public:
    /// `lock` is kept as long as this. Throws `error`: damage, no rights, no room.
    log_writer(const log_name& where, std::shared_ptr<writer_lock> lock, const channel_types& types,
               const channel_options& options);
    ~log_writer() override;

    flow send(const outgoing& message, const patience& limit) override;
    flow receive(incoming& into, const patience& limit) override;
    flow flush(const patience&) override { return flow::done; }
    void end_sending(const patience& limit) override;
    peer_identity peer() const override { return {}; }
    bool ready(direction which) override;
    int fd() override;
    std::unique_ptr<waitable> watch(std::shared_ptr<channel_end> self, direction which) override;

private:
    void check_sendable(const outgoing& message) const;
    bool put(record_kind kind, std::span<const std::span<const std::byte>> parts, bool waits);
    [[noreturn]] void refuse_receiving() const;

    std::string name_;
    channel_options options_;
    std::shared_ptr<writer_lock> lock_;
    os::made_in_process here_;

    std::mutex sending_;
    os::record_writer file_;
    std::vector<std::byte> record_;
    bool ended_ = false;
    std::optional<os::event> always_writable_;
};

}  // namespace signet::transport::log_file
