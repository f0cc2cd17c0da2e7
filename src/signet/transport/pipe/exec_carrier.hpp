// SPDX-License-Identifier: Apache-2.0
// Channels to a program that is started for it: `exec:sort -n`, `exec:sh -c '...'`. We write its
// standard input and read its standard output; its standard error is ours. The words of the address
// are told apart as exec_words.hpp says, and no shell is asked. There is nobody to listen for: the
// program says `pipe:` (pipe_carrier.hpp), or, with framing::lines and framing::bytes, knows
// nothing of Signet.
//
// How a program ends is part of the conversation: with framing::lines and framing::bytes, one that
// was killed, or returned something else than 0, is `error` (peer_died) after its last words, and
// the text says how it ended. When the channel closes, the program's input ends first; one that has
// not ended within `linger` is killed, and so is whatever it started and left behind. It leads a
// process group of its own: signals of the terminal do not reach it, and it cannot read from there.
#pragma once

#include <signet/transport/carrier.hpp>

namespace signet::transport::pipe {

const carrier& the_exec_carrier() noexcept;

}  // namespace signet::transport::pipe
