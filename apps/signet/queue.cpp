// SPDX-License-Identifier: Apache-2.0
// `signet queue`: what looks at queues and tends them.
#include "subcommand.hpp"

namespace signet::command {

void add_queue(command_line app, action& chosen) {
    command_line queue = app.add_subcommand("queue", "Look at queues, and tend them");
    queue.require_subcommand();
    queue.footer(
        "`signet push` and `signet pop` put messages in and take them out.\n\n"
        "Example:\n  signet queue ls");
    add_queue_ls(queue, chosen);
    add_queue_show(queue, chosen);
    add_queue_purge(queue, chosen);
    add_queue_redrive(queue, chosen);
    add_queue_rm(queue, chosen);
    add_queue_verify(queue, chosen);
}

}  // namespace signet::command
