// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/tcp/tcp_race.hpp>

#include <signet/base/error.hpp>
#include <signet/os/poll.hpp>
#include <signet/os/tcp_attempt.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace signet::transport::tcp {
namespace {

class race {
public:
    race(std::string_view name, const std::vector<os::ip_address>& targets, deadline until)
        : name_{name}, targets_{targets}, until_{until} {}

    os::tcp_socket run() {
        for (;;) {
            if (may_start()) start_next();
            if (running_.empty() && next_ == targets_.size()) complain();
            if (auto winner = look()) return std::move(*winner);
            if (running_.empty()) continue;  // the next one starts at once
            if (!wait() && clock::now() >= until_) complain_of_time();
        }
    }

private:
    bool may_start() const {
        if (next_ == targets_.size() || running_.size() == os::awaited_max) return false;
        return running_.empty() || clock::now() >= next_start_;
    }

    void start_next() {
        next_start_ = after(head_start);
        const os::ip_address& to = targets_[next_++];
        try {
            running_.emplace_back(to);
        } catch (const error& why) {
            note(why);
        }
    }

    // The first that is decided for us; those decided against us are noted.
    std::optional<os::tcp_socket> look() {
        for (std::size_t i = 0; i < running_.size();) {
            if (!os::wait_writable(running_[i].fd(), deadline::min())) {
                ++i;
                continue;
            }
            try {
                return running_[i].finish();
            } catch (const error& why) {
                note(why);
                running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
            }
        }
        return std::nullopt;
    }

    bool wait() const {
        std::array<os::awaited, os::awaited_max> all;
        std::transform(running_.begin(), running_.end(), all.begin(), [](const auto& one) {
            return os::awaited{one.fd(), os::readiness::writable};
        });
        const bool more = next_ < targets_.size() && running_.size() < os::awaited_max;
        return os::wait_any_ready(std::span{all}.first(running_.size()),
                                  more ? std::min(until_, next_start_) : until_);
    }

    // What failed makes room for the next one at once.
    void note(const error& why) {
        next_start_ = clock::now();
        failed_.push_back(why);
    }

    [[noreturn]] void complain() const {
        if (failed_.size() == 1) throw error{failed_.front()};
        std::string all;
        for (const error& one : failed_) {
            all += (all.empty() ? "" : ", ") + one.subject() + " (" + one.code().message() + ')';
        }
        throw error{failed_.front().code(), "connect to", name_, "none of its addresses: " + all};
    }

    [[noreturn]] void complain_of_time() const {
        throw error{std::make_error_code(std::errc::timed_out), "connect to", name_,
                    "nothing answers there: the machine is down, or a firewall drops what we send"};
    }

    std::string name_;
    const std::vector<os::ip_address>& targets_;
    deadline until_;
    std::size_t next_ = 0;
    deadline next_start_{};
    std::vector<os::tcp_attempt> running_;
    std::vector<error> failed_;
};

}  // namespace

os::tcp_socket connect_to_first(std::string_view name, const std::vector<os::ip_address>& targets,
                                deadline until) {
    return race{name, targets, until}.run();
}

}  // namespace signet::transport::tcp
