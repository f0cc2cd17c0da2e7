// SPDX-License-Identifier: Apache-2.0
// Must not compile: a test sees to it that the compiler's message names the field and what is wrong
// with it. What one process points to, another one cannot follow.
#include <signet/face/large.hpp>

namespace {

struct node {
    int value;
    node* next;
};

signet::large<node> list;

}  // namespace
