// SPDX-License-Identifier: Apache-2.0
#include <signet/context.hpp>

#include <signet/link/control_plane.hpp>

namespace signet {

context::context(const context_options& options)
    : plane_{std::make_shared<link::control_plane>(link::plane_options{
          .directory = options.directory,
          .driven_by =
              options.drive == drive::manual ? link::drive::manual : link::drive::thread})} {}

context::context(std::shared_ptr<link::control_plane> plane) : plane_{std::move(plane)} {}

context context::shared() {
    return context{link::control_plane::shared()};
}

int context::fd() const {
    return plane_->fd();
}

void context::poll() {
    plane_->poll(clock::now());
}

void context::poll_for(std::chrono::nanoseconds limit) {
    plane_->poll(after(limit));
}

void context::stop() {
    plane_->stop();
}

const std::string& context::directory() const {
    return plane_->directory().path();
}

}  // namespace signet
