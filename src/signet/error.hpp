// SPDX-License-Identifier: Apache-2.0
// `signet::error` and `signet::contract_violation`: how the library says that something went wrong.
#pragma once

#include <signet/base/error.hpp>
