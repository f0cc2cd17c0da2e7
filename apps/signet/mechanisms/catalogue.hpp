// SPDX-License-Identifier: Apache-2.0
// The rows, each in a file of its own.
#pragma once

#include "mechanism.hpp"

#include <vector>

namespace signet::command {

mechanism record_file_row();
mechanism mapped_file_row();
mechanism signal_row();
mechanism pipe_row();
mechanism fifo_row();
mechanism tcp_row();
mechanism udp_row();
mechanism udp_multicast_row();
mechanism unix_stream_row();
mechanism unix_seqpacket_row();
mechanism unix_datagram_row();
mechanism posix_queue_row();
mechanism sysv_queue_row();
mechanism posix_shm_row();
mechanism memfd_row();
mechanism sysv_shm_row();
mechanism event_row();

// What Signet makes of them for processes that coordinate: docs/sync.md.
mechanism mutex_row();
mechanism shared_mutex_row();
mechanism condition_variable_row();
mechanism semaphore_row();
mechanism barrier_row();
mechanism sync_event_row();
mechanism once_flag_row();
mechanism file_lock_row();
mechanism shared_object_row();
mechanism structure_row();

/// All of them, in the order of docs/mechanisms.md, then of docs/sync.md.
std::vector<mechanism> all_mechanisms();

/// What Signet builds on them, to compare.
mechanism topic_row();

}  // namespace signet::command
