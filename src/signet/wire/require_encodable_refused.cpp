// SPDX-License-Identifier: Apache-2.0
// Must not compile: a test sees to it that the compiler's message names the field and what is wrong
// with it.
#include <signet/wire/dynamic.hpp>

namespace {

struct node {
    std::string name;
    node* next;
};

static_assert(signet::wire::require_encodable<node>());

}  // namespace
