// SPDX-License-Identifier: Apache-2.0
// Boost.Interprocess: a message_queue in each direction, polled with try_send and try_receive. It
// copies in and out. The names in /dev/shm begin with that of the place, by which the harness
// removes them whatever becomes of us.
#include <bench/peers/measure.hpp>

#include <boost/interprocess/ipc/message_queue.hpp>
#include <boost/version.hpp>

#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace ipc = boost::interprocess;

template <std::size_t Bytes>
class endpoint {
public:
    explicit endpoint(const peers::part& mine)
        : polls_{mine.waiting == peers::waiting::poll},
          out_{ipc::open_or_create, name(mine, mine.leads()).c_str(), depth(), Bytes},
          in_{ipc::open_or_create, name(mine, !mine.leads()).c_str(), depth(), Bytes} {}

    template <class Write>
    void send(Write&& write) {
        write(outgoing_.data());
        if (!polls_) return out_.send(outgoing_.data(), Bytes, 0);
        while (!out_.try_send(outgoing_.data(), Bytes, 0)) {
        }
    }

    template <class Read>
    void receive(Read&& read) {
        ipc::message_queue::size_type size = 0;
        unsigned priority = 0;
        if (!polls_) in_.receive(incoming_.data(), Bytes, size, priority);
        while (size == 0 && !in_.try_receive(incoming_.data(), Bytes, size, priority)) {
        }
        if (size != Bytes) throw std::runtime_error{"a message of another size"};
        read(incoming_.data());
    }

private:
    static std::size_t depth() { return peers::depth_of(Bytes); }
    static std::string name(const peers::part& mine, bool there) {
        return mine.name() + (there ? "-there" : "-back");
    }

    bool polls_;
    ipc::message_queue out_;
    ipc::message_queue in_;
    std::vector<std::byte> outgoing_ = std::vector<std::byte>(Bytes);
    std::vector<std::byte> incoming_ = std::vector<std::byte>(Bytes);
};

std::string version() {
    return std::to_string(BOOST_VERSION / 100000) + "." +
           std::to_string(BOOST_VERSION / 100 % 1000) + "." + std::to_string(BOOST_VERSION % 100);
}

}  // namespace

int main(int count, char** arguments) {
    return peers::run<endpoint>(count, arguments, version().c_str());
}
