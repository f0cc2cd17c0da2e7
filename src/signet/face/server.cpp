// SPDX-License-Identifier: Apache-2.0
#include <signet/face/server.hpp>

#include <signet/face/services.hpp>
#include <signet/os/signal.hpp>

namespace signet {

std::optional<served_call> current_call() {
    const auto& now = pattern::this_thread_serves();
    if (!now) return std::nullopt;
    return served_call{now};
}

server::server(std::string_view address, const server_options& options)
    : options_{options}, engine_{std::make_unique<pattern::call_server>(options)} {
    address_ = listen(address);
}

server::server(server&&) noexcept = default;

// What was served here ends first.
server& server::operator=(server&& other) noexcept {
    const server before{std::move(*this)};
    options_ = other.options_;
    engine_ = std::move(other.engine_);
    threads_ = std::move(other.threads_);
    address_ = std::move(other.address_);
    return *this;
}

server::~server() {
    if (!engine_) return;
    stop();
    for (std::thread& one : threads_) one.join();
}

std::string server::listen(std::string_view address) {
    return face::listen_for(*engine_, address, options_);
}

void server::serve_in_background(std::size_t threads) {
    const os::blocked_signals none_for_the_threads;
    for (std::size_t i = 0; i < threads; ++i) {
        threads_.emplace_back([engine = engine_.get()] { engine->serve({}); });
    }
}

void server::stop() {
    engine_->stop();
}

}  // namespace signet
