// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hpp"

namespace signet::command {

std::vector<mechanism> all_mechanisms() {
    return {record_file_row(),   mapped_file_row(),
            signal_row(),        pipe_row(),
            fifo_row(),          tcp_row(),
            udp_row(),           udp_multicast_row(),
            unix_stream_row(),   unix_seqpacket_row(),
            unix_datagram_row(), posix_queue_row(),
            sysv_queue_row(),    posix_shm_row(),
            memfd_row(),         sysv_shm_row(),
            event_row(),         mutex_row(),
            shared_mutex_row(),  condition_variable_row(),
            semaphore_row(),     barrier_row(),
            sync_event_row(),    once_flag_row(),
            file_lock_row(),     shared_object_row(),
            structure_row()};
}

}  // namespace signet::command
