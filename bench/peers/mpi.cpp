// SPDX-License-Identifier: Apache-2.0
// Open MPI: MPI_Send and MPI_Recv between two ranks started by mpirun, which polls. It copies, or
// has the kernel copy large messages across. Rank 0 plays the role it is told, rank 1 the other.
#include <bench/peers/measure.hpp>

#include <mpi.h>

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

template <std::size_t Bytes>
class endpoint {
public:
    explicit endpoint(const peers::part& mine) : other_{mine.leads() ? 1 : 0} {}

    template <class Write>
    void send(Write&& write) {
        write(outgoing_.data());
        MPI_Send(outgoing_.data(), Bytes, MPI_BYTE, other_, 0, MPI_COMM_WORLD);
    }

    template <class Read>
    void receive(Read&& read) {
        MPI_Recv(incoming_.data(), Bytes, MPI_BYTE, other_, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        read(incoming_.data());
    }

private:
    int other_;
    std::vector<std::byte> outgoing_ = std::vector<std::byte>(Bytes);
    std::vector<std::byte> incoming_ = std::vector<std::byte>(Bytes);
};

std::string version() {
    return std::to_string(OMPI_MAJOR_VERSION) + "." + std::to_string(OMPI_MINOR_VERSION) + "." +
           std::to_string(OMPI_RELEASE_VERSION);
}

/// Rank 1 runs on the cpu after that of rank 0.
int run_rank(int count, char** arguments) {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    std::string role{arguments[1]};
    std::string cpu{arguments[4]};
    if (rank == 1) {
        role = role == "ask" ? "answer" : "receive";
        cpu = arguments[count];
    }
    arguments[1] = role.data();
    arguments[4] = cpu.data();
    return peers::run<endpoint>(count, arguments, "");
}

}  // namespace

// PROGRAM and a part as everywhere, and at the end the cpu of rank 1.
int main(int count, char** arguments) {
    if (count != 8) return peers::run<endpoint>(count, arguments, version().c_str());
    MPI_Init(&count, &arguments);
    const int status = run_rank(count - 1, arguments);
    if (status != 0) MPI_Abort(MPI_COMM_WORLD, status);
    return MPI_Finalize();
}
