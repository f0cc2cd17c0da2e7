// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/raw_loan.hpp>

#include <signet/base/error.hpp>

namespace signet::transport::shm {

raw_loan::~raw_loan() {
    if (publisher_ != nullptr && chunk_) publisher_->give_back(*chunk_);
}

void raw_loan::swap(raw_loan& other) noexcept {
    std::swap(publisher_, other.publisher_);
    std::swap(bytes_, other.bytes_);
    std::swap(chunk_, other.chunk_);
    std::swap(small_, other.small_);
}

raw_loan raw_loan::borrow(topic_publisher& from, std::size_t bytes, const patience& limit) {
    raw_loan made;
    if (!from.fits_slot(bytes)) {
        made.chunk_ = from.loan(bytes, limit);
        if (!made.chunk_) return made;
    }
    made.publisher_ = &from;
    made.bytes_ = bytes;
    return made;
}

bool raw_loan::publish(topic_publisher& to, std::size_t bytes, const patience& limit) {
    if (publisher_ != &to) {
        throw contract_violation{"publish: the loan is empty, or of another publisher"};
    }
    if (bytes > bytes_) {
        throw contract_violation{"publish: the loan is for " + std::to_string(bytes_) + " bytes"};
    }
    if (!chunk_) return to.publish_inline(small_.data(), bytes, limit);
    if (!to.publish_loan(*chunk_, bytes, limit)) return false;
    publisher_ = nullptr;
    return true;
}

}  // namespace signet::transport::shm
