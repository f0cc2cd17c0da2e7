// SPDX-License-Identifier: Apache-2.0
// One place for a message in each direction, in a region, as the two ends of a row: who may touch a
// place, and when, is said by nothing but the primitive that is shown. `Way` is one direction:
//
//     Way(const region& in, const std::string& name, message_slot& slot);
//     void send(std::span<const std::byte> message);
//     void receive(std::span<std::byte> buffer);
#pragma once

#include "mechanism.hpp"

#include <signet/structure.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace signet::command {

inline constexpr std::size_t slot_bytes_max = 65536;

struct message_slot {
    std::uint64_t full = 0;
    std::uint64_t bytes = 0;
    std::array<std::byte, slot_bytes_max> message{};

    void put(std::span<const std::byte> from) {
        if (from.size() > message.size()) throw std::logic_error{"a message is too long"};
        std::copy(from.begin(), from.end(), message.begin());
        bytes = from.size();
        full = 1;
    }
    void take(std::span<std::byte> to) {
        if (bytes != to.size()) throw std::runtime_error{"a message has another length"};
        std::copy_n(message.begin(), to.size(), to.begin());
        full = 0;
    }
};

inline region open_tour(const std::string& directory) {
    return region{"tour", {.directory = directory}};
}

template <class Way>
class slot_end final : public mechanism_end {
public:
    slot_end(const std::string& directory, std::string mouth, std::string ear)
        : in_{open_tour(directory)},
          to_{in_, mouth + " slot"},
          from_{in_, ear + " slot"},
          mouth_{in_, mouth, *to_},
          ear_{in_, ear, *from_} {}

    void send(std::span<const std::byte> message) override { mouth_.send(message); }
    void receive(std::span<std::byte> buffer) override { ear_.receive(buffer); }

private:
    region in_;
    structure<message_slot> to_;
    structure<message_slot> from_;
    Way mouth_;
    Way ear_;
};

/// `End(directory, mouth, ear)` in each of the two processes, which open the region themselves.
template <class End>
class region_exchange final : public exchange {
public:
    explicit region_exchange(std::string directory) : directory_{std::move(directory)} {}

    std::unique_ptr<mechanism_end> asking() override {
        return std::make_unique<End>(directory_, "there", "back");
    }
    std::unique_ptr<mechanism_end> answering() override {
        return std::make_unique<End>(directory_, "back", "there");
    }

private:
    std::string directory_;
};

template <class End>
std::unique_ptr<exchange> prepare_region(const std::string& directory) {
    return std::make_unique<region_exchange<End>>(directory);
}

}  // namespace signet::command
