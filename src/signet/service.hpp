// SPDX-License-Identifier: Apache-2.0
// Calls between processes, of plain C++ functions. `server` has them called, `client` calls.
//
//     signet::server sums{"sums"};                             signet::client sums{"sums"};
//     sums.handle("add", [](int a, int b) { return a + b; });  sums.call<int>("add", 2, 3);  // 5
//     sums.serve();
//
// In place of serve() a server may receive(): calls as `request`s, which are answered by hand,
// later, or by another server, and pulses.
//
// Arguments and results are what travels in messages. A call that fails throws `call_error`, which
// says whether it ran: no, yes, or maybe; what the function threw comes as `remote_error`, which is
// one too. Nothing is called twice by itself; after a death the next call connects anew: where
// several servers share the name (server_options::name), to another one. Over byte streams
// (unix://, tcp://, tls://, exec:) the calls are MessagePack-RPC, for any language.
// docs/services.md shows it at work.
//
// Thread safety: a client is for any thread, and each does its own waiting; it must outlive its
// calls. Functions run in the threads that call serve(), several at a time where several do.
// Any thread receives. handle(), on_pulse() and listen() come before; stop() is for any thread.
// Both constructors throw `error`: nobody serves there, or somebody does already; a bad address, no
// rights.
#pragma once

#include <signet/face/client.hpp>
#include <signet/face/server.hpp>
