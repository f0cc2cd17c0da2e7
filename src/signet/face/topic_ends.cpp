// SPDX-License-Identifier: Apache-2.0
#include <signet/face/topic_ends.hpp>

#include <signet/face/topic_place.hpp>

#include <utility>

namespace signet::face {

using transport::relay::relayed_publisher;
using transport::relay::relayed_subscriber;
using transport::shm::topic_publisher;
using transport::shm::topic_subscriber;

void publisher_owner::operator()(topic_publisher* engine) const noexcept {
    if (!here_.still()) return;
    const std::unique_ptr<topic_publisher> last{engine};
    const std::unique_ptr<relayed_publisher> first{relay};
}

publisher_end publish_at(std::shared_ptr<link::control_plane> plane, std::string_view name,
                         const wire::type_descriptor& type,
                         const transport::publisher_options& options) {
    const topic_place at = place_to_publish(name);
    const auto chosen =
        at.elsewhere ? transport::relay::options_at(*at.elsewhere, type, options) : options;
    publisher_end made{new topic_publisher{std::move(plane), at.engine_name, type, chosen}};
    if (at.elsewhere) {
        made.get_deleter().relay =
            std::make_unique<relayed_publisher>(*at.elsewhere, *made, chosen).release();
    }
    return made;
}

void relay_owner::operator()(relayed_subscriber* relay) const noexcept {
    if (here_.still()) delete relay;
}

subscriber_end subscribe_to(std::shared_ptr<link::control_plane> plane, std::string_view name,
                            const wire::type_descriptor* type,
                            const transport::subscriber_options& options) {
    const topic_place at = place_to_subscribe(name);
    subscriber_end made{transport::shm::subscriber_handle{std::shared_ptr<topic_subscriber>{
                            new topic_subscriber{std::move(plane), at.engine_name, type, options},
                            os::delete_where_made{}}},
                        nullptr};
    if (at.elsewhere) {
        made.relay.reset(new relayed_subscriber{*at.elsewhere, *made.engine, type, options});
    }
    return made;
}

}  // namespace signet::face
