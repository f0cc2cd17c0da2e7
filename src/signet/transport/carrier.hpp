// SPDX-License-Identifier: Apache-2.0
// A carrier: one way to hold a conversation, found by the scheme of an address. It says what it can
// do as data, from which the conformance tests, `signet carriers` and the README's table are made.
// Carriers have no state and live as long as the process; any thread.
#pragma once

#include <signet/transport/channel.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace signet::transport {

/// Who is known to be at the other end.
enum class identification {
    none,
    user,         ///< its uid, by the kernel's word
    address,      ///< where it is in the network, by the network's word
    certificate,  ///< what it proved to have
};

/// How a carrier does a pattern of communication.
enum class support {
    no,
    over_channels,  ///< built on its channels, once for all carriers (transport/relay/)
    native,         ///< by itself
};

struct carrier_facts {
    std::string_view scheme;              ///< "unix"
    std::string_view addresses;           ///< "unix:///path, unix://@name"
    std::string_view use_when;            ///< a phrase
    std::uint64_t message_bytes_max = 0;  ///< the largest message there can be
    identification peers = identification::none;
    bool both_ways = true;            ///< either end may send
    bool ordered = true;              ///< messages arrive in the order they were sent
    bool reliable = true;             ///< what was sent arrives, as long as both ends live
    bool tells_death = true;          ///< a killed peer is told from one that closed
    bool ends_one_way = true;         ///< one direction can end before the other
    bool tells_room = true;           ///< one can wait for room to send, and for other things too
    bool passes_descriptors = false;  ///< open files travel with a message
    bool crosses_machines = false;
    bool speaks_plain = false;     ///< has framing::lines and framing::bytes
    bool plain_is_shared = false;  ///< those are one conversation of all who connect
    bool survives_both = false;    ///< what was sent stays when both ends have died
    bool listens = true;           ///< others can connect to an address of it, one after the other
    bool shares_names = false;     ///< several may listen at one address (name_use::shared)
    support topics = support::over_channels;
};

class topic_carrier;

class carrier {
public:
    carrier() = default;
    virtual ~carrier() = default;
    carrier(const carrier&) = delete;
    carrier& operator=(const carrier&) = delete;

    virtual const carrier_facts& facts() const noexcept = 0;

    /// Begins a conversation with whoever listens at `where`, an address without its scheme. Throws
    /// `error`: a bad address, nobody listens, the other end refuses, speaks something else, or
    /// does not answer within the handshake limit (timed_out).
    virtual std::unique_ptr<channel_end> connect(const std::string& where,
                                                 const channel_types& types,
                                                 const channel_options& options) const = 0;

    /// Listens at `where`. Throws `error`: a bad address, taken by a living process, no rights.
    virtual std::unique_ptr<channel_listener> listen(const std::string& where,
                                                     const channel_types& types,
                                                     const channel_options& options) const = 0;

    /// How it carries topics where that is `native`, but for shared memory, which is where all
    /// topics begin and end; else null. Valid as long as the process.
    virtual const topic_carrier* topics() const noexcept { return nullptr; }
};

}  // namespace signet::transport
