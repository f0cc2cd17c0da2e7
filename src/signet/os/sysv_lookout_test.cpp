// SPDX-License-Identifier: Apache-2.0
#include <signet/os/sysv_lookout.hpp>
