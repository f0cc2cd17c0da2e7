// SPDX-License-Identifier: Apache-2.0
// Pictures that travel without a copy: filled in place, sealed, and mapped by who is called.
#include <signet/error.hpp>
#include <signet/service.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace {

using pixel = std::uint8_t;

std::int64_t brightness(const signet::large<pixel>& picture) {
    std::int64_t sum = 0;
    for (const pixel one : picture) sum += one;
    return sum / static_cast<std::int64_t>(picture.size());
}

signet::large<pixel> inverted(const signet::large<pixel>& picture) {
    signet::large_draft<pixel> made{picture.size()};
    std::transform(picture.begin(), picture.end(), made.items().begin(),
                   [](pixel one) { return static_cast<pixel>(255 - one); });
    return std::move(made).seal();
}

}  // namespace

int main() try {
    signet::server desk{"pictures", {.descriptors_max = 1}};
    desk.handle("brightness", brightness);
    desk.handle("inverted", inverted);
    desk.serve_in_background(1);

    signet::client pictures{"pictures", {.descriptors_max = 1}};
    signet::large_draft<pixel> draft{3840 * 2160};
    std::ranges::fill(draft.items(), pixel{55});
    const signet::large<pixel> picture = std::move(draft).seal();

    const auto bright = pictures.call<std::int64_t>("brightness", picture);
    const auto other = pictures.call<signet::large<pixel>>("inverted", picture);
    std::printf("%lld, inverted %d\n", static_cast<long long>(bright), other.items()[0]);
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "large_memory: %s\n", problem.what());
    return 1;
}
