// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/udp/udp_cookie.hpp>

#include <signet/os/random.hpp>

#include <bit>
#include <cstring>

namespace signet::transport::udp {
namespace {

struct sip_state {
    std::uint64_t v0, v1, v2, v3;

    void round() noexcept {
        v0 += v1, v1 = std::rotl(v1, 13), v1 ^= v0, v0 = std::rotl(v0, 32);
        v2 += v3, v3 = std::rotl(v3, 16), v3 ^= v2;
        v0 += v3, v3 = std::rotl(v3, 21), v3 ^= v0;
        v2 += v1, v1 = std::rotl(v1, 17), v1 ^= v2, v2 = std::rotl(v2, 32);
    }
    void mix(std::uint64_t word) noexcept {
        v3 ^= word;
        round(), round();
        v0 ^= word;
    }
};

std::uint64_t word_of(std::span<const std::byte> bytes) noexcept {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        word |= std::to_integer<std::uint64_t>(bytes[i]) << 8 * i;
    return word;
}

std::uint64_t period_of(clock::time_point now) {
    return static_cast<std::uint64_t>(now.time_since_epoch() / cookie_jar::good_for);
}

}  // namespace

std::uint64_t siphash(const std::array<std::uint64_t, 2>& key, std::span<const std::byte> bytes) {
    sip_state state{key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
                    key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573};
    const std::uint64_t length = bytes.size();
    for (; bytes.size() >= 8; bytes = bytes.subspan(8)) state.mix(word_of(bytes.first(8)));
    state.mix(length << 56 | word_of(bytes));
    state.v2 ^= 0xff;
    for (int i = 0; i < 4; ++i) state.round();
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

cookie_jar::cookie_jar() : key_{os::random_u64(), os::random_u64()} {}

std::uint64_t cookie_jar::made(std::uint64_t period, const os::ip_address& peer,
                               std::uint64_t conversation) const {
    std::array<std::byte, 64> all{};
    std::memcpy(all.data(), &period, sizeof period);
    std::memcpy(all.data() + 8, &conversation, sizeof conversation);
    std::memcpy(all.data() + 16, peer.data(), peer.size());
    const std::uint64_t made = siphash(key_, std::span{all}.first(16 + peer.size()));
    return made == 0 ? 1 : made;
}

std::uint64_t cookie_jar::cookie_for(const os::ip_address& peer, std::uint64_t conversation,
                                     clock::time_point now) const {
    return made(period_of(now), peer, conversation);
}

bool cookie_jar::gave(std::uint64_t cookie, const os::ip_address& peer, std::uint64_t conversation,
                      clock::time_point now) const {
    const std::uint64_t period = period_of(now);
    return cookie == made(period, peer, conversation) ||
           cookie == made(period - 1, peer, conversation);
}

}  // namespace signet::transport::udp
