// SPDX-License-Identifier: Apache-2.0
// An endpoint of a pattern, as the control plane sees it: who it is, and what it is told. Called
// with the plane's lock held, in the driving thread or in the thread that adds it; must not call
// add() or remove() of the plane from there.
#pragma once

#include <signet/base/error.hpp>
#include <signet/link/peer.hpp>
#include <signet/link/rendezvous.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/wire/frame.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace signet::link {

/// Why a peer was declined, or declined us.
struct refusal {
    std::uint64_t code = 0;  ///< an errc
    std::string reason;      ///< a sentence for people
};

/// Memory with counts that an onlooker may map.
struct shown_page {
    wire::frame_writer facts;                    ///< a `page` frame: what it needs to know of it
    std::shared_ptr<const os::descriptor> file;  ///< sealed, so that nobody else can write it
};

/// An endpoint of a pattern, as the control plane sees it.
class participant {
public:
    virtual ~participant() = default;

    /// A topic; a subscriber's may be a pattern (base/topic_pattern.hpp). Always the same.
    virtual const std::string& topic() const = 0;
    virtual listing self() const = 0;

    /// A publisher of `topic`, which is ours or matches our pattern, is here. Called once or more
    /// for each, and for subscribers only, which answer with a join.
    virtual void found(peer& from, std::string_view topic, std::uint64_t endpoint) = 0;

    /// A frame for this endpoint. May throw `error`; the peer is then dropped with its text, but
    /// where a join ran out of descriptors. A join may be answered at once: there is room.
    virtual void received(peer& from, const wire::frame_reader& frame,
                          std::vector<os::descriptor> descriptors) = 0;

    /// What was under way with `counterpart` took more descriptors than there are: end it, and tell
    /// whom it concerns. The plane has them meet again when there are some.
    virtual void fell_short(peer& from, std::uint64_t counterpart, const error& why) = 0;

    /// The topic that something is under way about with `counterpart`; empty: nothing is.
    virtual std::string topic_with(std::uint64_t counterpart) const = 0;

    /// The link to the peer is over: nothing more comes over it, and nobody should wait for it. Its
    /// process may still be alive; returns whether it may hold something of ours, so that its death
    /// has to be told as well.
    virtual bool gone(peer& who, const departure& how) = 0;

    /// The peer's process is proved dead (or it said goodbye); follows gone(). Forget it before
    /// returning.
    virtual void dead(peer& who) = 0;

    /// A peer that we may have asked for something declined to talk to us at all, or speaks another
    /// version.
    virtual void declined(const peer& who, const refusal& why) = 0;

    /// A counterpart is on the list that we must not talk to.
    virtual void distrusted(const peer_identity& who, const std::string& reason) = 0;

    /// The endpoint ends: tell its counterparts. The last call into it.
    virtual void farewell() = 0;

    /// Adds what onlookers may know of it: its type, shape and counts. Must not wait for the
    /// thread that uses the endpoint.
    virtual void describe(wire::frame_writer&) const {}

    /// Where its counts can be read without asking it. Must not wait either.
    virtual std::vector<shown_page> pages() const { return {}; }

    /// When check() is to be called next; one that is added with `never` stays so.
    virtual deadline due() const { return never; }

    /// Does what the endpoint does by the clock. Called when it is due, or earlier.
    virtual void check(clock::time_point) {}

    /// Ends the waits that are under way: they look again. Said when the context stops, and as the
    /// backstop of life::backstop.
    virtual void wake() = 0;
};

}  // namespace signet::link
