// SPDX-License-Identifier: Apache-2.0
// SHA-256 of bytes that come in pieces. One thread. Throws std::bad_alloc where OpenSSL has no
// memory.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

struct evp_md_ctx_st;

namespace tour {

class sha256 {
public:
    sha256();

    /// Begins anew.
    void restart();

    void add(std::span<const std::byte> bytes);

    /// 64 hexadecimal digits. Then only restart() may follow.
    std::string finish();

private:
    struct release {
        void operator()(evp_md_ctx_st* state) const noexcept;
    };
    std::unique_ptr<evp_md_ctx_st, release> state_;
};

}  // namespace tour
