// SPDX-License-Identifier: Apache-2.0
// What the processes of a storm in a region do, over and over until they are killed, and what they
// check meanwhile. Every place has what it needs open for itself, and one thread. Whoever finds
// something wrong throws.
#pragma once

#include "storm_board.hpp"
#include "twins.hpp"

#include <signet/error.hpp>
#include <signet/shared.hpp>
#include <signet/sync.hpp>

#include <boost/container/map.hpp>
#include <boost/container/vector.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <stdexcept>
#include <string>

namespace signet::tests {

using namespace std::chrono_literals;

inline constexpr const char* storm_region = "storm";
inline const region_options storm_shape{.bytes = 1 << 20, .seats = 32, .objects = 32};

inline void require(bool holds, const char* otherwise) {
    if (!holds) throw std::runtime_error{otherwise};
}

/// Two words behind a lock that many take: what a dead holder left half changed is mended.
template <class Lock>
class guarded_twins {
public:
    guarded_twins(const region& in, const std::string& name)
        : data_{in, name}, lock_{in, name + " lock", {.repair = [this] { mend(); }}} {}

    void change() {
        const std::lock_guard mine{lock_};
        require(data_->equal(), "two words differ under their lock");
        data_->change();
    }
    void look() {
        const std::shared_lock mine{lock_};
        require(data_->equal(), "two words differ for a reader");
    }
    void try_change() {
        const std::unique_lock mine{lock_, 1ms};
        if (mine) data_->change();
    }

private:
    void mend() {
        ++shared_board().repairs;
        data_->mend();
    }

    structure<twins> data_;
    Lock lock_;
};

/// A bounded queue of numbers, by a mutex and two condition variables.
class bounded_queue {
public:
    explicit bounded_queue(const region& in)
        : lock_{in, "queue lock", {.repair = [] { ++shared_board().repairs; }}},
          filled_{in, "queue filled"},
          emptied_{in, "queue emptied"},
          ring_{in, "queue"} {}

    // What counts is the last store: who dies before it has put or taken nothing.
    void put() {
        std::unique_lock mine{lock_};
        emptied_.wait(mine, [&] { return put_count() - taken_count() < ring_->numbers.size(); });
        ring_->numbers[put_count() % ring_->numbers.size()] = put_count();
        ring_->put.store(put_count() + 1, std::memory_order_release);
        filled_.notify_one();
    }
    void take() {
        std::unique_lock mine{lock_};
        filled_.wait(mine, [&] { return put_count() != taken_count(); });
        const std::uint64_t number = ring_->numbers[taken_count() % ring_->numbers.size()];
        require(number == taken_count(), "a number of the queue is lost or doubled");
        ring_->taken.store(taken_count() + 1, std::memory_order_release);
        emptied_.notify_all();
    }

private:
    struct ring {
        memory::shared_word<std::uint64_t> put;
        memory::shared_word<std::uint64_t> taken;
        std::array<std::uint64_t, 8> numbers;
    };

    std::uint64_t put_count() const { return ring_->put.load(std::memory_order_acquire); }
    std::uint64_t taken_count() const { return ring_->taken.load(std::memory_order_acquire); }

    mutex lock_;
    condition_variable filled_;
    condition_variable emptied_;
    structure<ring> ring_;
};

/// Containers that grow and shrink; one that a holder of the lock died at is made anew.
class shared_containers {
public:
    explicit shared_containers(const region& in)
        : list_{in, "list"},
          table_{in, "table"},
          lock_{in, "containers lock", {.repair = [this] { rebuild(); }}} {}

    void change_list() {
        const std::lock_guard mine{lock_};
        for (std::size_t i = 0; i < list_->size(); ++i) {
            require((*list_)[i] == i, "a vector holds what nobody put there");
        }
        if (list_->size() == 200) list_->clear(), list_->shrink_to_fit();
        list_->push_back(list_->size());
    }
    void change_table(std::uint64_t key) {
        const std::lock_guard mine{lock_};
        for (const auto& [k, v] : *table_) require(v == ~k, "a map holds what nobody put there");
        if (table_->erase(key) == 0) table_->emplace(key, ~key);
    }

private:
    using list = boost::container::vector<std::uint64_t, region_allocator<std::uint64_t>>;
    using entry = std::pair<const std::uint64_t, std::uint64_t>;
    using table =
        boost::container::map<std::uint64_t, std::uint64_t, std::less<>, region_allocator<entry>>;

    void rebuild() {
        ++shared_board().repairs;
        list_.rebuild();
        table_.rebuild();
    }

    structure<list> list_;
    structure<table> table_;
    mutex lock_;
};

template <std::size_t Words>
struct storm_value {
    std::array<std::uint64_t, Words> words;

    bool whole() const { return words.front() == words.back(); }
    void mend() {
        ++shared_board().repairs;
        words.back() = words.front();
    }
};

/// An object of plain data, changed on a copy or in place.
template <std::size_t Words>
class shared_value {
public:
    shared_value(const region& in, const char* name)
        : object_{in, name, {.initial = {}, .repair = [](value& half) { half.mend(); }}} {}

    void change() {
        object_.with([](value& it) {
            require(it.whole(), "a shared object is torn");
            for (auto& word : it.words) ++word;
        });
    }
    void look() { require(object_.read().whole(), "a shared object is read torn"); }

private:
    using value = storm_value<Words>;

    shared<value> object_;
};

/// Puts and takes: who waits for the other one waits until it, or who came in its place, does it.
class storm_producer {
public:
    void work() {
        queue_.put();
        news_.set();
    }

private:
    region in_{storm_region, storm_shape};
    bounded_queue queue_{in_};
    event news_{in_, "news", event_reset::automatic};
};

class storm_consumer {
public:
    void work() {
        queue_.take();
        news_.wait_for(1ms);
    }

private:
    region in_{storm_region, storm_shape};
    bounded_queue queue_{in_};
    event news_{in_, "news", event_reset::automatic};
};

/// Takes all there is to take.
class storm_keeper {
public:
    explicit storm_keeper(std::uint64_t seed) : turn_{seed} {}

    void work() {
        switch (++turn_ % 11) {
            case 0: return till_.change();
            case 1: return till_.try_change();
            case 2: return board_.change();
            case 3: return board_.look();
            case 4: return use_permit();
            case 5: return small_.change();
            case 6: return small_.look();
            case 7: return large_.change();
            case 8: return containers_.change_list();
            case 9: return containers_.change_table(turn_ * 2654435761u % 64);
            default: return call_once();
        }
    }

private:
    void use_permit() {
        permits_.acquire();
        require(permits_.permits() < 2, "there are more permits than were made");
        permits_.release();
    }

    // In a region that is new for all, and of which many may be the maker.
    void call_once() {
        const std::string name = "epoch" + std::to_string(shared_board().epoch);
        const region young{name, {.bytes = 64 * 1024, .seats = 16, .objects = 8}};
        structure<twins> data{young, "data"};
        once_flag{young, "once"}.call([&] {
            data->mend();
            data->change();
        });
        require(data->equal() && twins::value(data->first) != 0, "what is done once is not done");
    }

    std::uint64_t turn_;
    region in_{storm_region, storm_shape};
    guarded_twins<mutex> till_{in_, "till"};
    guarded_twins<shared_mutex> board_{in_, "board"};
    permit_pool permits_{in_, "permits", 2};
    shared_value<8> small_{in_, "small"};
    shared_value<10'000> large_{in_, "large"};
    shared_containers containers_{in_};
};

/// Meets one other at a barrier, and passes permits.
class storm_meeter {
public:
    storm_meeter() { take_place(); }

    // Each releases before it acquires, so that there is one for each, whoever dies.
    void work() {
        meet();
        passes_.release();
        passes_.acquire();
    }

private:
    void take_place() {
        while (!place_) {
            try {
                place_.emplace(in_, "place", 2u);
            } catch (const error& e) {
                if (e.code() != errc::limit_reached) throw;  // one who dies is not quite dead
            }
        }
    }
    void meet() {
        for (;;) {
            try {
                return place_->arrive_and_wait();
            } catch (const error& e) {
                if (e.code() != errc::peer_died) throw;
                ++shared_board().told;
            }
        }
    }

    region in_{storm_region, storm_shape};
    semaphore passes_{in_, "passes", 0};
    std::optional<barrier> place_;
};

}  // namespace signet::tests
