// SPDX-License-Identifier: Apache-2.0
// `signet::codec<T>`, to be specialised for messages that another library turns into bytes, such as
// Protobuf. What it has to have stands in wire/codec.hpp.
#pragma once

#include <signet/wire/codec.hpp>
