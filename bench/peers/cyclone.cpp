// SPDX-License-Identifier: Apache-2.0
// Cyclone DDS: a writer and a reader in each process, reliable, over the shared memory of iceoryx
// (CYCLONEDDS_URI, set by the harness), samples loaned and read in place. A reliable writer that
// keeps the last samples loses what its reader is too slow for, and keeping all rules out shared
// memory. So a stream waits while a window of messages is unread: a counter in shared memory, which
// costs next to nothing.
#include <bench/peers/measure.hpp>

#include <cyclone_messages.h>
#include <dds/dds.h>
#include <dds/ddsc/dds_loan_api.h>
#include <dds/version.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

dds_entity_t require(dds_return_t result, const char* operation) {
    if (result >= 0) return result;
    throw std::runtime_error{std::string{operation} + ": " + dds_strretcode(result)};
}

const dds_topic_descriptor_t& descriptor_of(std::size_t bytes) {
    if (bytes == 64) return peers_message_64_desc;
    return bytes == 1024 ? peers_message_1024_desc : peers_message_1048576_desc;
}

struct counter {
    std::atomic<std::uint64_t> value;
};

/// How many messages the reader of one direction has read; zero at first.
class read_count {
public:
    explicit read_count(const std::string& path) {
        const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (file < 0 || ftruncate(file, sizeof(counter)) != 0) throw std::runtime_error{path};
        void* at = mmap(nullptr, sizeof(counter), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        close(file);
        if (at == MAP_FAILED) throw std::runtime_error{path};
        counter_ = static_cast<counter*>(at);
    }
    read_count(const read_count&) = delete;
    read_count& operator=(const read_count&) = delete;
    ~read_count() { munmap(counter_, sizeof(counter)); }

    // relaxed: only the count itself is told; the messages have their own order
    std::uint64_t get() const noexcept { return counter_->value.load(std::memory_order_relaxed); }
    void set(std::uint64_t count) noexcept {
        counter_->value.store(count, std::memory_order_relaxed);  // relaxed: as above
    }

private:
    counter* counter_ = nullptr;
};

struct delete_qos {
    void operator()(dds_qos_t* qos) const noexcept { dds_delete_qos(qos); }
};
using qos_ptr = std::unique_ptr<dds_qos_t, delete_qos>;

struct participant {
    dds_entity_t id = require(dds_create_participant(0, nullptr, nullptr), "participant");

    participant() = default;
    participant(const participant&) = delete;
    participant& operator=(const participant&) = delete;
    ~participant() { dds_delete(id); }
};

template <std::size_t Bytes>
class endpoint {
public:
    explicit endpoint(const peers::part& mine)
        : polls_{mine.waiting == peers::waiting::poll},
          written_to_{mine.place + (mine.leads() ? "/there" : "/back")},
          read_from_{mine.place + (mine.leads() ? "/back" : "/there")} {
        const qos_ptr qos = reliable();
        writer_ = require(dds_create_writer(all_.id, topic(mine, mine.leads()), qos.get(), nullptr),
                          "dds_create_writer");
        reader_ =
            require(dds_create_reader(all_.id, topic(mine, !mine.leads()), qos.get(), nullptr),
                    "dds_create_reader");
        waits_ = require(dds_create_waitset(all_.id), "dds_create_waitset");
        require(dds_set_status_mask(reader_, DDS_DATA_AVAILABLE_STATUS), "dds_set_status_mask");
        require(dds_waitset_attach(waits_, reader_, 0), "dds_waitset_attach");
        wait_for_the_other();
        if (!dds_is_loan_available(writer_)) throw std::runtime_error{"no shared memory to loan"};
    }

    template <class Write>
    void send(Write&& write) {
        while (sent_ - written_to_.get() >= window) sched_yield();
        void* sample = nullptr;
        require(dds_loan_sample(writer_, &sample), "dds_loan_sample");
        write(static_cast<std::byte*>(sample));
        require(dds_write(writer_, sample), "dds_write");
        ++sent_;
    }

    template <class Read>
    void receive(Read&& read) {
        void* samples[1] = {nullptr};
        dds_sample_info_t info[1];
        while (require(dds_take(reader_, samples, info, 1, 1), "dds_take") == 0) {
            if (!polls_) require(dds_waitset_wait(waits_, nullptr, 0, DDS_INFINITY), "waiting");
        }
        if (info[0].valid_data) read(static_cast<const std::byte*>(samples[0]));
        require(dds_return_loan(reader_, samples, 1), "dds_return_loan");
        if (!info[0].valid_data) throw std::runtime_error{"the other side left"};
        read_from_.set(++received_);
    }

private:
    static constexpr std::uint64_t window = Bytes > 4096 ? 4 : 64;

    static qos_ptr reliable() {
        qos_ptr qos{dds_create_qos()};
        dds_qset_reliability(qos.get(), DDS_RELIABILITY_RELIABLE, DDS_SECS(10));
        dds_qset_durability(qos.get(), DDS_DURABILITY_VOLATILE);
        dds_qset_history(qos.get(), DDS_HISTORY_KEEP_LAST, static_cast<int>(2 * window));
        return qos;
    }

    dds_entity_t topic(const peers::part& mine, bool there) {
        std::string name = mine.name() + (there ? "-there" : "-back");
        std::replace(name.begin(), name.end(), '-', '_');  // which DDS does not allow
        return require(
            dds_create_topic(all_.id, &descriptor_of(Bytes), name.c_str(), nullptr, nullptr),
            "dds_create_topic");
    }

    /// Both directions are matched; what iceoryx has yet to do for them cannot be asked for.
    void wait_for_the_other() {
        const std::chrono::milliseconds step{1};
        dds_publication_matched_status_t out{};
        dds_subscription_matched_status_t in{};
        while (out.current_count == 0 || in.current_count == 0) {
            std::this_thread::sleep_for(step);
            dds_get_publication_matched_status(writer_, &out);
            dds_get_subscription_matched_status(reader_, &in);
        }
        std::this_thread::sleep_for(50 * step);
    }

    bool polls_;
    read_count written_to_;
    read_count read_from_;
    participant all_;
    dds_entity_t writer_ = 0;
    dds_entity_t reader_ = 0;
    dds_entity_t waits_ = 0;
    std::uint64_t sent_ = 0;
    std::uint64_t received_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
    return peers::run<endpoint>(count, arguments, DDS_VERSION);
}
