// SPDX-License-Identifier: Apache-2.0
#include <tour/sha256.hpp>

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <new>

namespace tour {
namespace {

void done(int result) {
    if (result != 1) throw std::bad_alloc{};
}

}  // namespace

void sha256::release::operator()(evp_md_ctx_st* state) const noexcept {
    EVP_MD_CTX_free(state);
}

sha256::sha256() : state_{EVP_MD_CTX_new()} {
    if (!state_) throw std::bad_alloc{};
    restart();
}

void sha256::restart() {
    done(EVP_DigestInit_ex2(state_.get(), EVP_sha256(), nullptr));
}

void sha256::add(std::span<const std::byte> bytes) {
    done(EVP_DigestUpdate(state_.get(), bytes.data(), bytes.size()));
}

std::string sha256::finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    done(EVP_DigestFinal_ex(state_.get(), digest.data(), &size));
    std::string text;
    for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
    return text;
}

}  // namespace tour
