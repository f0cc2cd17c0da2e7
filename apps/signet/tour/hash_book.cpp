// SPDX-License-Identifier: Apache-2.0
#include <tour/hash_book.hpp>

#include <utility>

namespace tour {

void hash_book::note(const file_hash& result) {
    ++hashes_;
    bytes_ += result.size;
    latest_ = result.file;
    hashed_file found{result.size, result.modified_ns, get_text(result.digest)};
    hashed_file& known = files_[get_text(result.name)];
    const bool same = known.size == found.size && known.modified_ns == found.modified_ns;
    if (!known.digest.empty() && same && known.digest != found.digest) ++contradictions_;
    known = std::move(found);
}

}  // namespace tour
